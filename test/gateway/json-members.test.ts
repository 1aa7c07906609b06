import fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedMember } from "../../gateway/http/json-members.ts";

test.each([
  ['{"a":1,"a":2}', "a"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"a" :1 , "b":[{"a":{"c":1,"a":2}}], "b" : 3}', "b"],
  ['[{"x":1},{"x":{"y":"\\"y\\":","y\\\\":1,"y":2,"y":3}}]', "y"],
  ['{"":1,"":2}', ""],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
])("finds the member that stands twice in %s", (text, name) => {
  expect(repeatedMember(text)).toBe(name);
});

test("finds nothing in what JSON.stringify writes, whatever stands in its strings, and finds a member that is put in again", () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: "medium" }), fc.string(), fc.string(), (value, name, text) => {
      expect(repeatedMember(JSON.stringify(value))).toBeUndefined();
      expect(repeatedMember(JSON.stringify({ value, text: `"${name}":{${text}` }, undefined, 2))).toBeUndefined();
      const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
      expect(repeatedMember(`[{${member} , ${member}}]`)).toBe(name);
    }),
  );
});

test("finds it among very many, without looking through all of them for each", () => {
  const members = Array.from({ length: 200_000 }, (_, index) => `"${index}":0`);
  expect(repeatedMember(`{${members.join(",")}}`)).toBeUndefined();
  expect(repeatedMember(`{${members.join(",")},"7":0}`)).toBe("7");
});
