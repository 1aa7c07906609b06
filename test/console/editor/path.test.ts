import { expect, test } from "vitest";
import { pathText, withValueAt } from "../../../console/editor/path.ts";

test.each([
  [[], ""],
  [["lines"], "lines"],
  [["lines", 2, "quantity"], "lines[2].quantity"],
  [[0, 1], "[0][1]"],
])("the path %j reads %s", (path, text) => {
  expect(pathText(path)).toBe(text);
});

test.each([
  ["a member", { a: 1, b: 2 }, ["a"], 3, { a: 3, b: 2 }],
  ["a member that was not there", { a: 1 }, ["b"], 2, { a: 1, b: 2 }],
  ["a member within", { a: { b: 1, c: 2 } }, ["a", "b"], 3, { a: { b: 3, c: 2 } }],
  ["an item's member", { list: [{ a: 1 }, { a: 2 }] }, ["list", 1, "a"], 3, { list: [{ a: 1 }, { a: 3 }] }],
  ["an item behind the last", { list: [1] }, ["list", 1], 2, { list: [1, 2] }],
  ["something in what is no object", 7, ["a", 0], 1, { a: [1] }],
  ["the whole", { a: 1 }, [], 2, 2],
  ["a member that is to be left out", { a: 1, b: 2 }, ["a"], undefined, { b: 2 }],
  ["an item that is to be left out", [1, 2, 3], [1], undefined, [1, 3]],
] as const)("changes %s, and nothing else", (_, value, path, next, changed) => {
  const before = structuredClone(value);
  expect(withValueAt(value, path, next)).toEqual(changed);
  expect(value).toEqual(before);
});

test("a member called __proto__ is a member like any other", () => {
  const changed = withValueAt({}, ["__proto__", "polluted"], true);
  expect(Object.keys(changed as object)).toEqual(["__proto__"]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
