import { expect, test } from "vitest";
import { parseOpenFilesLimit } from "../../bench/open-files.ts";

const limits = (soft: string): string =>
  [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max processes             96000                96000                processes ",
    `Max open files            ${soft.padEnd(20)} 524288               files     `,
  ].join("\n");

test("what a process may have open now counts, not what it could ask for", () => {
  expect(parseOpenFilesLimit(limits("1024"))).toBe(1_024);
  expect(parseOpenFilesLimit(limits("unlimited"))).toBe(Number.POSITIVE_INFINITY);
});
