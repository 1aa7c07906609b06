import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import {
  aggregate,
  type AnyAggregate,
  createEventReaders,
  type EventData,
  type EventInput,
  type EventOf,
} from "../../contract/aggregate.ts";
import { defineContract, describeContract, handledTopicsOf, topicsOf } from "../../contract/contract.ts";
import { operation, type OperationDefinition, type ReplyOf, type RequestInput } from "../../contract/operation.ts";
import { accounts } from "./bank.ts";

const text = operation({ request: z.string(), reply: z.string() });
const one = aggregate({ events: { happened: z.string() }, commands: { happen: text }, id: (request) => request });
const defineOne = (overrides: object) => defineContract({ one: { ...one, ...overrides } as AnyAggregate });
const withCommand = (overrides: object) => defineOne({ commands: { happen: { ...text, ...overrides } as OperationDefinition } });

describe("an aggregate in a contract", () => {
  const contract = defineContract({ account: accounts, sum: text });

  test("gives it an operation for each command", () => {
    expect(Object.keys(contract)).toEqual(["account.open", "account.credit", "account.debit", "sum"]);
    expect(contract["account.debit"].name).toBe("account.debit");
    expect(Object.keys(describeContract(contract))).toContain("account.debit");
    expectTypeOf<keyof typeof contract & string>().toEqualTypeOf<"sum" | "account.open" | "account.credit" | "account.debit">();
  });

  test("carries the types of its schemas to whoever calls and answers commands, and knows its events", () => {
    type Debit = (typeof contract)["account.debit"];
    expectTypeOf<RequestInput<Debit>>().toEqualTypeOf<{ account: string; cents: number }>();
    expectTypeOf<ReplyOf<Debit>>().toEqualTypeOf<{ balance: number }>();
    expectTypeOf<keyof Debit["errors"]>().toEqualTypeOf<"TOO_LITTLE_MONEY" | "NOT_OPEN">();
    expectTypeOf<EventInput<typeof accounts, "debited">>().toEqualTypeOf<{ cents: number; fee?: number | undefined }>();
    expectTypeOf<EventData<typeof accounts, "debited">>().toEqualTypeOf<{ cents: number; fee: number }>();
    expectTypeOf<EventOf<typeof one>>().toEqualTypeOf<{ readonly type: "happened"; readonly data: string }>();
  });

  test("keeps the commands of one of its kind in order, in a topic of their own", () => {
    expect(contract["account.debit"].orderingKey?.({ account: "ada", cents: 5 })).toBe("ada");
    expect(topicsOf(contract)).toEqual(["account-commands", "requests"]);
    expect(handledTopicsOf(contract)).toEqual(["account-commands", "requests"]);
    expect(handledTopicsOf(defineOne({ commandTopic: "ones" }))).toEqual(["ones"]);
  });

  test("names another version of an event when its schema changes, and not when only its words do", () => {
    const version = (schema: z.ZodType): string | undefined =>
      createEventReaders("one", { ...one, events: { happened: schema } }).get("happened")?.dataschema;
    expect(version(z.string())).toMatch(/^rejoinder:one\.happened\/[0-9a-f]{16}$/);
    expect(version(z.string().describe("What happened"))).toBe(version(z.string()));
    expect(version(z.string().min(1))).not.toBe(version(z.string()));
  });
});

describe("an aggregate is refused", () => {
  test.each<[string, () => unknown, string]>([
    [
      "with a name that is none",
      () => defineContract({ Account: accounts }),
      'Expected name of aggregate "Account" to be 1 to 64 lower-case',
    ],
    ["with a dot in its name", () => defineContract({ "a.b": accounts }), 'Expected name of aggregate "a.b" to be'],
    ["with a dot in the name of a command", () => defineOne({ commands: { "a.b": text } }), "Expected the name of a command of aggregate"],
    [
      "with a dot in the name of an event",
      () => defineOne({ events: { "a.b": z.null() } }),
      'Expected the name of an event of aggregate "one"',
    ],
    ["without events", () => defineOne({ events: {} }), "Expected events of aggregate"],
    ["without an id", () => defineOne({ id: undefined }), "Expected id of aggregate"],
    [
      "with an event that JSON cannot say",
      () => defineOne({ events: { a: z.date() } }),
      'Expected the schema of the event "one.a" to describe JSON',
    ],
    ["with a command that has a topic", () => withCommand({ topic: "t" }), "Expected topic of command happen of aggregate"],
    [
      "with a command that has an ordering key",
      () => withCommand({ orderingKey: String }),
      "Expected orderingKey of command happen of aggregate",
    ],
    ["with a command that has a name", () => withCommand({ name: "it" }), "Expected name of command happen of aggregate"],
    [
      "with a command that gives up its order",
      () => withCommand({ retry: { order: "give-up" } }),
      "Expected retry.order of command happen",
    ],
    ["with commands among its events", () => defineOne({ commandTopic: "one-events" }), "Expected eventTopic of aggregate"],
    [
      "with events among requests",
      () => defineContract({ one, sum: operation({ ...text, topic: "one-events" }) }),
      'topic "one-events" to have one use',
    ],
    [
      "with the events of another",
      () => defineContract({ one, two: { ...one, eventTopic: "one-events" } }),
      "an event topic of its own, got one-events",
    ],
  ])("%s", (_, define, message) => {
    expect(define).toThrow(message);
  });
});
