import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../worker/canonical-json.ts";
import { IDEMPOTENCY_KEY_PATTERN } from "../../worker/description/parameters.ts";
import { createClaim, readIdempotencyKey, shardOf } from "../../worker/idempotency-key.ts";
import { webSha256 } from "../../worker/sha256.ts";

const claimOf = (claiming: Partial<Parameters<typeof createClaim>[0]> = {}) =>
  createClaim({
    caller: { owner: "0".repeat(12), subject: undefined },
    key: "k",
    operation: { name: "sum" },
    data: {},
    sha256: webSha256,
    ...claiming,
  });

describe("an Idempotency-Key", () => {
  test("is what the description of the API says it is", () => {
    const described = new RegExp(IDEMPOTENCY_KEY_PATTERN, "u");
    const isRead = (text: string): boolean => {
      try {
        return readIdempotencyKey(text) !== undefined;
      } catch {
        return false;
      }
    };
    const ascii = fc.string({ unit: "binary-ascii", maxLength: 300 });
    const quoted = fc.string({ unit: fc.constantFrom("a", " ", ",", "\\\\", '\\"', "~"), maxLength: 300 }).map((text) => `"${text}"`);
    // Neither spaces around it nor parameters belong to a key.
    const fields = fc.oneof(ascii, quoted).filter((text) => text.trim() === text && !text.includes(";"));
    fc.assert(fc.property(fields, (text) => described.test(text) === isRead(text)));
  });

  test("is a string of structured fields, or its characters alone, and both are the same key", () => {
    for (const text of ["8e03978e-40d5-43e8-bc93-6894a57f9324", "KG5LxwFBepaKHyUD", "42", "order:7/a=b", "~", "x".repeat(255)])
      expect([readIdempotencyKey(text), readIdempotencyKey(`"${text}"`), readIdempotencyKey(` "${text}" `)]).toEqual([text, text, text]);
    expect(readIdempotencyKey('"with space, comma and \\"quotes\\" \\\\"')).toBe('with space, comma and "quotes" \\');
    expect(readIdempotencyKey('"key";unknown=1')).toBe("key");
    expect(readIdempotencyKey(undefined)).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["spaces", "   "],
    ["an empty string", '""'],
    ["256 characters", "x".repeat(256)],
    ["a string of 256 characters", `"${"x".repeat(256)}"`],
    ["10 kB", "x".repeat(10_000)],
    ["two fields", "one, two"],
    ["two fields of strings", '"one", "two"'],
    ["characters beyond ASCII", "schlüssel"],
    ["a string with characters beyond ASCII", '"schlüssel"'],
    ["a control character", '"a\u0007b"'],
    ["a tab within", "a\tb"],
    ["an open string", '"one'],
    ["an unknown escape", '"a\\nb"'],
    ["a backslash at the end", '"a\\"'],
    ["text behind a string", '"one" two'],
    ["a broken parameter", '"one";='],
    ["bare words", "one two"],
    ["a bare backslash", "a\\b"],
    ["a quote within", 'a"b'],
    ["an inner list", '("a" "b")'],
  ])("that is %s cannot be read", (_, text) => {
    expect(() => readIdempotencyKey(text)).toThrow(expect.objectContaining({ code: "INVALID_IDEMPOTENCY_KEY", status: 400 }));
  });

  test("is a key of 1 to 255 ASCII characters or refused, whatever somebody sends", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...'"\\,;= a1\u00e9\t'), maxLength: 12 }),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          expect(readIdempotencyKey(text)).toMatch(/^[ -~]{1,255}$/);
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_IDEMPOTENCY_KEY" });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("that was written as a string is read as what it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 255 }), (key) => {
        expect(readIdempotencyKey(`"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`)).toBe(key);
      }),
    );
  });
});

describe("a claim", () => {
  test("is another one for another caller, and the same one for each operation", async () => {
    const { name, request } = await claimOf();
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(await claimOf()).toEqual({ name, request });
    for (const caller of [
      { owner: "0".repeat(12), subject: "somebody" },
      { owner: "1".repeat(12), subject: undefined },
    ])
      expect((await claimOf({ caller })).name).not.toBe(name);
    const other = await claimOf({ operation: { name: "echo" } });
    expect([other.name, other.request === request]).toEqual([name, false]);
    expect((await claimOf({ key: "k2" })).name).not.toBe(name);
  });

  test("names one of the shards, and each of them for some key", async () => {
    const claims = await Promise.all(Array.from({ length: 100 }, (_, number) => claimOf({ key: String(number) })));
    expect(new Set(claims.map((claim) => shardOf(claim, 4)))).toEqual(new Set([0, 1, 2, 3]));
  });
});

describe("data", () => {
  test("is the same in any order of members and any spelling, and other data is not", async () => {
    const requestOf = async (text: string) => (await claimOf({ data: JSON.parse(text) as unknown })).request;
    const same = await requestOf('{"a":1,"b":[{"c":"é","d":100}]}');
    expect(await requestOf(' { "b" : [ { "d" : 1e2, "c" : "\\u00e9" } ], "a" : 1.0 } ')).toBe(same);
    for (const other of [
      '{"a":1,"b":[{"c":"é","d":"100"}]}',
      '{"a":1,"b":[{"c":"é","d":101}]}',
      '{"a":1}',
      '{"a":1,"b":{"0":{"c":"é","d":100}}}',
    ])
      expect(await requestOf(other)).not.toBe(same);
  });

  test("with members called as something of JavaScript is told apart", () => {
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
    expect(canonicalJson(JSON.parse('{"constructor":1,"10":2,"9":3}'))).toBe('{"10":2,"9":3,"constructor":1}');
  });

  test("that is beyond a number stays apart from null", () => {
    expect(canonicalJson(JSON.parse("[1e400,-1e400,null,-0]"))).toBe("[Infinity,-Infinity,null,0]");
  });

  test("has one text for equal values, from which they can be read again", () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([name, member]) => [name, shuffled(member)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json: unknown = JSON.parse(JSON.stringify(value));
        expect(canonicalJson(shuffled(json))).toBe(canonicalJson(json));
        expect(JSON.parse(canonicalJson(json))).toEqual(json);
      }),
    );
  });
});
