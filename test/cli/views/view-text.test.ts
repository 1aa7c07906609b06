import { expect, test } from "vitest";
import type { ViewVersion } from "../../../protocol/view-api.ts";
import { versionText, viewText } from "../../../cli/views/view-text.ts";

const filling: ViewVersion = {
  version: 2,
  isServed: false,
  isReady: false,
  partitions: 4,
  progress: [
    { partition: 0, next: 7, isCaughtUp: true },
    { partition: 3, next: 0, isCaughtUp: false },
  ],
};
const served: ViewVersion = {
  version: 1,
  isServed: true,
  servedSince: "2026-01-01T00:00:00.000Z",
  isReady: true,
  partitions: 1,
  progress: [{ partition: 0, next: 7, isCaughtUp: true }],
};

test("a view is shown with its versions: which one callers read, and how far each is", () => {
  expect(viewText({ view: "balances", aggregate: "account", contractVersion: 2, versions: [filling, served] })).toBe(`\
balances  of account, version 2 in the contract
  version 2  filling  1 of 4 partitions caught up
  version 1  served since 2026-01-01T00:00:00.000Z  1 of 1 partition caught up`);
});

test("a view without rows says that no consumer has sent anything", () => {
  expect(viewText({ view: "balances", aggregate: "account", contractVersion: 2, versions: [] })).toMatch(
    /\n {2}no version yet: no consumer/,
  );
  expect(versionText({ ...filling, partitions: 0, progress: [] })).toBe("version 2  filling  no consumer has sent anything");
  expect(versionText({ ...served, isServed: false })).toMatch(/^version 1 {2}ready {2}/);
});

test("a version that callers read, and that was rebuilt, is filled again", () => {
  expect(versionText({ ...served, isReady: false, partitions: 0, progress: [] })).toBe(
    "version 1  filling again  no consumer has sent anything",
  );
});
