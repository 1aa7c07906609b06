import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { HEAP_GROWTH } from "../../gateway/heap.ts";

test("the V8 that runs the gateway knows the flag that keeps its heap small", () => {
  const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });
  expect(options).toMatch(new RegExp(`^\\s+${HEAP_GROWTH.flag} \\(.*factor`, "m"));
});
