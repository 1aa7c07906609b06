import { expect, test } from "vitest";
import { nearestOf } from "../../cli/nearest.ts";

const NAMES = ["dev", "start", "status", "send", "doctor"];

test.each([
  ["sned", ["send"]],
  ["stat", ["status", "start"]],
  ["docter", ["doctor"]],
  ["kubernetes", []],
  ["", []],
])("whoever writes %j may have meant %j", (written, expected) => {
  expect(nearestOf(written, NAMES)).toEqual(expected);
});
