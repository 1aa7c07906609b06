import fc from "fast-check";
import { expect, test } from "vitest";
import { isTextTooDeep, mayHaveProto, shapeFaultOf } from "../../protocol/json-shape.ts";

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

const anyJson = fc.jsonValue({ maxDepth: 6, noUnicodeString: false });

test("the depth of text is that of the value that it is parsed to", () => {
  fc.assert(
    fc.property(anyJson, fc.nat(6), fc.constantFrom(undefined, 1), (value, levels, space) => {
      // Padded, since short text is not looked at.
      const text = JSON.stringify(value, null, space) + " ".repeat(12);
      expect(isTextTooDeep(text, levels)).toBe(depthOf(value) > levels);
    }),
  );
});

test("text that is no JSON is looked at, too", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("[", "]", '"', "\\", "{") }), (text) => void isTextTooDeep(text, 2)));
});

test("a value is too deep exactly if its text is", () => {
  fc.assert(
    fc.property(anyJson, fc.nat(6), (value, levels) => {
      fc.pre(!mayHaveProto(JSON.stringify(value)));
      expect(shapeFaultOf(value, levels) !== undefined).toBe(depthOf(value) > levels);
    }),
  );
});

test("a value without end is too deep", () => {
  const circle: Record<string, unknown> = {};
  circle["again"] = [circle];
  expect(shapeFaultOf(circle)?.message).toBe("Expected at most 128 levels of objects and arrays.");
});
