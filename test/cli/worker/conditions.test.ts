import { expect, test } from "vitest";
import { chosenConditions } from "../../../cli/worker/conditions.ts";

test.each([
  [["--conditions=@mine/source"], ["@mine/source"]],
  [
    ["--conditions", "one", "-C", "two"],
    ["one", "two"],
  ],
  [[], []],
])("of the options %j the Worker is bundled with the conditions %j", (options, expected) => {
  expect(chosenConditions(options)).toEqual(expected);
});

test("what a test runner sets for Node is not for the Worker", () => {
  expect(chosenConditions(["--conditions", "node", "--conditions", "development", "--conditions=@mine/source"])).toEqual(["@mine/source"]);
});
