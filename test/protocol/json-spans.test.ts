import fc from "fast-check";
import { expect, test } from "vitest";
import { elementSpans, memberSpans, skipSpace } from "../../protocol/json-spans.ts";

test("the members and the elements of any JSON are found in its text, however it is spaced", () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), fc.constantFrom("", " ", "\n\t", "  \r\n"), (one, two, space) => {
      const array = `${space}[${space}${one}${space},${space}${two}${space}]${space}`;
      const elements = elementSpans(array, skipSpace(array, 0)).map(({ start, end }) => array.slice(start, end));
      expect(elements.map((text) => JSON.parse(text))).toEqual([JSON.parse(one), JSON.parse(two)]);
      const object = `{${space}"a\\"]"${space}:${space}${one}${space},${space}"b":${two}${space}}`;
      const members = memberSpans(object, 0).map(({ name, start, end }) => [name, JSON.parse(object.slice(start, end))]);
      expect(members).toEqual([
        ['a"]', JSON.parse(one)],
        ["b", JSON.parse(two)],
      ]);
    }),
  );
});

test("what is empty has none, and a member that comes twice is there twice", () => {
  expect([elementSpans("[ ]", 0), memberSpans("{ }", 0)]).toEqual([[], []]);
  expect(memberSpans('{"\\u0061":1,"a":2}', 0).map(({ name }) => name)).toEqual(["a", "a"]);
});
