import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { CountedCommit } from "../../../consumer/aggregates/projector.ts";
import { KeysUnavailableError } from "../../../consumer/personal/subject-keys.ts";
import { type AnyProjection, projection } from "../../../consumer/views/projection.ts";
import { createViewFold, ViewError } from "../../../consumer/views/view-fold.ts";
import { view } from "../../../contract/view.ts";
import { account } from "./stage.ts";

const anything = view({ from: account, version: 1, row: z.looseObject({}) });
const strict = view({ from: account, version: 1, row: z.strictObject({ cents: z.int().nonnegative(), note: z.string().default("none") }) });

type Definition = Partial<Pick<AnyProjection, "key">> & { readonly credited: (row: never, data: { cents: number }) => unknown };

const foldBy = ({ key, credited }: Definition, of: typeof anything | typeof strict = anything) =>
  createViewFold({
    name: "balances",
    aggregate: "account",
    projection: projection(of, { ...(key === undefined ? {} : { key }), on: { credited: credited as never } }) as AnyProjection,
  });

const counted = (...events: readonly (readonly [type: string, data: unknown])[]): CountedCommit => ({
  offset: 7,
  version: 3,
  commit: {
    key: "ada",
    commit: "c",
    after: "b",
    command: "command-1",
    events: events.map(([type, data], index) => ({ specversion: "1.0", id: `c/${index}`, source: "test", type: `account.${type}`, data })),
  },
});
const credited = (cents: number) => ["credited", { cents }] as const;
const none = (): undefined => undefined;

test("a commit changes each row once, by all of its events in order", () => {
  const fold = foldBy({ credited: (row: { cents: number } | undefined, { cents }) => ({ cents: (row?.cents ?? 0) * 2 + cents }) });
  expect([...fold.changes(counted(credited(1), ["closed", {}], credited(5)), none)]).toEqual([["ada", '{"cents":7}']]);
});

test("a row that ends as it was has not changed, nor has one that was never there", () => {
  const fold = foldBy({ credited: (_, { cents }) => (cents === 0 ? null : { cents }) });
  expect([...fold.changes(counted(credited(5), credited(1)), () => '{"cents":1}')]).toEqual([]);
  expect([...fold.changes(counted(credited(0)), none)]).toEqual([]);
  expect([...fold.changes(counted(credited(0)), () => '{"cents":1}')]).toEqual([["ada", null]]);
});

test("personal data whose keys cannot be read now stops nothing for good", () => {
  const away = new KeysUnavailableError("the disk is away");
  const open = (): never => {
    throw away;
  };
  const fold = createViewFold({
    name: "balances",
    aggregate: "account",
    projection: projection(anything, { on: { credited: (_, { cents }) => ({ cents }) } }) as AnyProjection,
    personal: { data: { seal: open, open }, personalEpoch: () => "" },
  });
  const { commit, ...rest } = counted(credited(1));
  const sealed = { ...rest, commit: { ...commit, events: commit.events.map((event) => ({ ...event, personal: "/cents" })) } };
  expect(() => fold.changes(sealed, none)).toThrow(away);
});

test("a row is stored as its schema makes it", () => {
  const fold = foldBy({ credited: (_, { cents }) => ({ cents }) }, strict);
  expect([...fold.changes(counted(credited(1)), none)]).toEqual([["ada", '{"cents":1,"note":"none"}']]);
});

test("a function that changes the row in place has changed nothing but what it returns", () => {
  const fold = foldBy({
    credited: (row: { cents: number } | undefined, { cents }) => {
      if (row === undefined) return { cents };
      row.cents = 1_000;
      return { cents };
    },
  });
  expect([...fold.changes(counted(credited(1), credited(2)), none)]).toEqual([["ada", '{"cents":2}']]);
});

describe("names the event, and why it gives no row", () => {
  const fails = (definition: Definition, commit = counted(credited(1)), of: typeof anything | typeof strict = strict) => {
    try {
      foldBy(definition, of).changes(commit, none);
    } catch (error) {
      expect(error).toBeInstanceOf(ViewError);
      return (error as Error).message;
    }
    return "nothing was thrown";
  };
  const row = (): object => ({ cents: 1 });

  test.each<[string, string, () => string]>([
    [
      "a function that throws",
      "could not be made: no luck",
      () =>
        fails({
          credited: () => {
            throw new Error("no luck");
          },
        }),
    ],
    ["a row that does not fit", "/cents", () => fails({ credited: () => ({ cents: -1 }) })],
    ["a promise", "got a promise", () => fails({ credited: () => Promise.resolve(row()) })],
    ["nothing", "fits the view's schema", () => fails({ credited: () => undefined })],
    ["a row over 1 MiB", "at most 1048576 bytes", () => fails({ credited: () => ({ text: "ü".repeat(524_290) }) }, undefined, anything)],
    [
      "a member called __proto__",
      "__proto__",
      () => fails({ credited: () => JSON.parse('{"__proto__":1}') as object }, undefined, anything),
    ],
    ["an empty key", "not empty", () => fails({ credited: row, key: () => "" })],
    ["half of a character as a key", "well-formed", () => fails({ credited: row, key: () => "\ud800" })],
    ["a key over 512 bytes", "at most 512 bytes, got 514", () => fails({ credited: row, key: () => "ü".repeat(257) })],
    ["a key that is no text", "got a number", () => fails({ credited: row, key: () => 5 as never })],
    [
      "a key function that throws",
      "no key",
      () =>
        fails({
          credited: row,
          key: () => {
            throw new Error("no key");
          },
        }),
    ],
    ["an event that the aggregate does not have", "Add it to the aggregate", () => fails({ credited: row }, counted(["renamed", {}]))],
    ["an event that fits no more", "Mend it by upcast", () => fails({ credited: row }, counted(["credited", { cents: "many" }]))],
  ])("%s", (_, why, message) => {
    expect(message()).toContain(why);
  });

  test("a key of 512 bytes is a key", () => {
    const key = "/".repeat(512);
    expect([
      ...foldBy({ credited: row, key: () => key })
        .changes(counted(credited(1)), none)
        .keys(),
    ]).toEqual([key]);
  });
});

test("the hash is another one when a function or the schema of the row is, and else the same", () => {
  const credit = (_: unknown, { cents }: { cents: number }): object => ({ cents });
  const { hash } = foldBy({ credited: credit });
  expect(foldBy({ credited: credit }).hash).toBe(hash);
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(foldBy({ credited: credit }, strict).hash).not.toBe(hash);
  expect(foldBy({ credited: credit, key: ({ id }) => id }).hash).not.toBe(hash);
  expect(foldBy({ credited: (_, { cents }) => ({ cents: cents + 1 }) }).hash).not.toBe(hash);
});
