import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CommandAnswer,
  type Commit,
  createCommitId,
  decodeCommit,
  encodeCommit,
  hasEvents,
  readCommitLink,
} from "../../protocol/commit-record.ts";

const EVENT = {
  specversion: "1.0",
  id: "c2/0",
  source: "rejoinder:account",
  type: "account.debited",
  subject: "ada",
  data: { cents: 5 },
} as const;
const COMMIT: Commit = { key: "ada", commit: "c2", after: "c1", command: "request-1", answer: { reply: { balance: 5 } }, events: [EVENT] };
const record = encodeCommit(COMMIT);
const withHeader = (name: string, value: string | Uint8Array | null) => ({
  ...record,
  headers: [...record.headers.filter(({ key }) => key !== name), { key: name, value }],
});
const withoutHeader = (name: string) => ({ ...record, headers: record.headers.filter(({ key }) => key !== name) });

describe("the record of a commit", () => {
  test("is a batch of CloudEvents that any reader of the format understands, under the key of the aggregate", () => {
    expect(record.key).toBe("ada");
    expect(JSON.parse(record.value)).toEqual([EVENT]);
    expect(Object.fromEntries(record.headers.map(({ key, value }) => [key, value]))).toEqual({
      "content-type": "application/cloudevents-batch+json; charset=UTF-8",
      commit: "c2",
      after: "c1",
      command: "request-1",
      answer: '{"reply":{"balance":5}}',
    });
  });

  test("says the same when it is read from text as from bytes", () => {
    const bytes = {
      key: Buffer.from(record.key),
      value: Buffer.from(record.value),
      headers: record.headers.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
    };
    expect(decodeCommit(record)).toEqual(COMMIT);
    expect(decodeCommit(bytes)).toEqual(COMMIT);
  });

  test("may have no event, and no answer", () => {
    const { answer: _, ...bare } = { ...COMMIT, after: "", events: [] };
    expect(decodeCommit(encodeCommit(bare))).toEqual(bare);
  });

  test("is the first of its key if its header after is empty, even if a proxy stored that as nothing", () => {
    expect(readCommitLink(withHeader("after", null)).after).toBe("");
  });

  test("counts the last of headers with one name, as Kafka's own readers do", () => {
    expect(readCommitLink({ ...record, headers: [{ key: "commit", value: "c0" }, ...record.headers] }).commit).toBe("c2");
  });

  test("is any commit, read again as it was written", () => {
    const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    const anyCommit = fc.record({
      key: fc.string({ minLength: 1, unit: "grapheme" }),
      commit: id,
      after: fc.oneof(id, fc.constant("")),
      command: fc.string({ minLength: 1, maxLength: 64 }),
      answer: fc.oneof<fc.Arbitrary<CommandAnswer>[]>(
        fc.jsonValue().map((reply) => ({ reply })),
        fc.dictionary(fc.string(), fc.jsonValue()).map((error) => ({ error })),
      ),
      events: fc.array(fc.jsonValue().map((data) => ({ ...EVENT, data }))),
    });
    fc.assert(
      fc.property(anyCommit, (commit) => {
        fc.pre(commit.after !== commit.commit);
        const written = JSON.parse(JSON.stringify(commit)) as unknown;
        expect(JSON.parse(JSON.stringify(decodeCommit(encodeCommit(commit))))).toEqual(written);
      }),
    );
  });

  test("has an ID of its own each time", () => {
    expect(createCommitId()).toMatch(/^[0-9a-f]{32}$/);
    expect(createCommitId()).not.toBe(createCommitId());
  });
});

describe("a record that is no commit is refused, and the error says why", () => {
  test.each<[string, Parameters<typeof decodeCommit>[0], string]>([
    ["no key", { ...record, key: null }, "Expected the key of a commit"],
    ["a key that is not UTF-8", { ...record, key: new Uint8Array([0xff]) }, "Expected the key of a commit"],
    ["no commit", withoutHeader("commit"), "Expected header commit"],
    [
      "a commit with a space",
      withHeader("commit", "c 2"),
      'Expected header commit to be 1 to 64 of the characters A-Z a-z 0-9 _ -, got "c 2".',
    ],
    ["no after", withoutHeader("after"), "Expected header after"],
    ["an after that is not UTF-8", withHeader("after", new Uint8Array([0xff])), "Expected header after"],
    ["itself as predecessor", withHeader("after", "c2"), "Expected header after to name another commit"],
    ["no command", withoutHeader("command"), "Expected header command"],
    ["a command that is too long", withHeader("command", "x".repeat(257)), "Expected header command to have 1 to 256 characters"],
    ["another content type", withHeader("content-type", "application/json"), "Expected header content-type"],
    ["an answer that is none", withHeader("answer", '{"reply":1,"error":{}}'), "Expected header answer to be"],
    ["an answer that is no JSON", withHeader("answer", "{"), "Expected header answer to be JSON"],
    ["no value", { ...record, value: null }, "Expected the value of a commit to be JSON"],
    ["a value that is no JSON", { ...record, value: "[" }, "Expected the value of a commit to be JSON"],
    ["a value that is no array", { ...record, value: "{}" }, "Expected the value of a commit to be a JSON array"],
    [
      "a value too deep",
      { ...record, value: "[".repeat(200) + "]".repeat(200) },
      "Expected the value of a commit to have at most 136 levels",
    ],
    ["an event that is none", { ...record, value: JSON.stringify([EVENT, {}]) }, "Event 1 of a commit: Expected attribute specversion"],
  ])("%s", (_, wrong, message) => {
    expect(() => decodeCommit(wrong)).toThrow(message);
  });

  test("nor can one be written", () => {
    expect(() => encodeCommit({ ...COMMIT, key: "" })).toThrow("Expected the key of a commit");
    expect(() => encodeCommit({ ...COMMIT, commit: "" })).toThrow("Expected header commit");
  });
});

test.each([[], [EVENT], [EVENT, EVENT]])(
  "whether a commit has events is known by its value, however its JSON is spaced, as text or bytes",
  (...events) => {
    for (const value of [
      JSON.stringify(events),
      `\r\n\t ${JSON.stringify(events, undefined, 2)}`,
      `[ \n ${JSON.stringify(events).slice(1)}`,
    ]) {
      expect(decodeCommit({ ...record, value }).events).toEqual(events);
      for (const one of [value, new TextEncoder().encode(value)]) expect(hasEvents({ value: one })).toBe(events.length > 0);
    }
    expect(hasEvents({ value: " ".repeat(1_000_000) })).toBe(true);
    expect(hasEvents({ value: null })).toBe(false);
  },
);
