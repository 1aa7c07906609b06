import { expect, test } from "vitest";
import { mayTouch, parseCredential } from "../../gateway/credentials.ts";

test.each([
  ["u:p", "full", "", true],
  ["u:p:produce", "produce", "", true],
  ["u:p:consume:users.*", "consume", "users.", true],
  ["u:p:full:requests", "full", "requests", false],
  ["u:p:full:*", "full", "", true],
])("reads %s", (text, scope, name, prefix) => {
  expect(parseCredential(text)).toEqual({ user: "u", password: "p", scope, topics: { name, prefix } });
});

test.each(["", "u", "u:", ":p", "u:p:admin", "u:p:", "u:p:full:", "u:p:full:a*b", "u:p:full:a b", "u:p:full:a:b"])(
  "refuses %j, and never takes a broken scope for all",
  (text) => {
    expect(parseCredential(text)).toBeUndefined();
  },
);

test.each([
  ["u:p:full:users.*", "users.a", true],
  ["u:p:full:users.*", "users", false],
  ["u:p:full:users", "users", true],
  ["u:p:full:users", "users.a", false],
  ["u:p", "anything", true],
])("with %s, topic %s may be touched: %s", (text, topic, may) => {
  const credential = parseCredential(text);
  if (credential === undefined) throw new Error("Expected a credential.");
  expect(mayTouch(credential, topic)).toBe(may);
});
