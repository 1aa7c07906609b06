import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AggregateState, createAggregateRuntime, REMEMBERED_COMMANDS } from "../../../consumer/deciders/aggregate-runtime.ts";
import { EventError } from "../../../consumer/deciders/event-reader.ts";
import { type Commit, decodeCommit, encodeCommit } from "../../../protocol/commit-record.ts";
import { account } from "./account.ts";

type State = AggregateState<typeof account.initial>;

const runtime = createAggregateRuntime("account", account);
const at = new Date("2026-11-28T00:00:00Z");
const command = (id: string, name: string, request: object = {}) => ({ command: id, name, request: { account: "ada", ...request }, at });
const decide = (state: State, ...given: Parameters<typeof command>) => {
  const decided = runtime.decide(state, command(...given));
  if (decided.kind === "repeat") throw new Error("Expected a new command.");
  return decided;
};
const open = decide(runtime.initial("ada"), "c1", "open", { owner: "Ada" });
const credited = decide(open.next, "c2", "credit", { cents: 5 });

describe("a command", () => {
  test("becomes one commit on the last one, whose events others may read", () => {
    expect(credited.commit).toMatchObject({ key: "ada", after: open.commit.commit, command: "c2", answer: { reply: { balance: 5 } } });
    expect(credited.commit.events).toEqual([
      {
        specversion: "1.0",
        id: `${credited.commit.commit}/0`,
        source: "rejoinder:account",
        type: "account.credited",
        subject: "ada",
        time: "2026-11-28T00:00:00.000Z",
        datacontenttype: "application/json",
        dataschema: expect.stringMatching(/^rejoinder:account\.credited\/[0-9a-f]{16}$/),
        data: { cents: 5 },
      },
    ]);
    expect(decodeCommit(encodeCommit(credited.commit))).toEqual(credited.commit);
    expect(credited.next).toMatchObject({ id: "ada", last: credited.commit.commit, version: 2, state: { isOpen: true, balance: 5 } });
  });

  test("that comes again is answered as the first time, whatever has happened since", () => {
    const later = decide(credited.next, "c3", "debit", { cents: 4 });
    const repeat = runtime.decide(later.next, command("c2", "credit", { cents: 5 }));
    expect(repeat).toEqual({ kind: "repeat", answer: { reply: { balance: 5 } } });
  });

  test("that was refused stays refused when it could succeed: its caller has been told no", () => {
    const refused = decide(open.next, "c2", "debit", { cents: 3 });
    expect(refused.answer.error).toMatchObject({ status: 409, code: "TOO_LITTLE_MONEY", data: { balance: 0 } });
    expect(refused.commit.events).toEqual([]);
    const rich = decide(refused.next, "c3", "credit", { cents: 100 });
    expect(runtime.decide(rich.next, command("c2", "debit", { cents: 3 }))).toEqual({ kind: "repeat", answer: refused.answer });
  });

  test("is remembered with the last 64, and no more", () => {
    let state: State = runtime.initial("ada");
    for (let index = 0; index <= REMEMBERED_COMMANDS; index += 1) state = decide(state, `c${index}`, "credit", { cents: 1 }).next;
    expect(state.commands.map((known) => known.command)).toEqual(Array.from({ length: 64 }, (_, index) => `c${index + 1}`));
  });

  test("whose decision fails by a bug has no commit, so it may be tried again", () => {
    expect(() => runtime.decide(open.next, command("c2", "close"))).toThrow('Expected a command of aggregate account, got "close".');
  });
});

describe("commits", () => {
  test("that are void change nothing: repeats, and those decided on another one", () => {
    expect(runtime.fold(credited.next, credited.commit)).toBeUndefined();
    expect(runtime.fold(runtime.initial("ada"), credited.commit)).toBeUndefined();
    expect(runtime.fold(open.next, credited.commit)).toEqual(credited.next);
  });

  test("make the state that was decided, for whoever reads them from the beginning", () => {
    const amount = fc.integer({ min: 1, max: 50 });
    const step = fc.record({ name: fc.constantFrom("credit", "debit"), cents: amount, repeats: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        let decided = open.next;
        const log: Commit[] = [open.commit];
        steps.forEach(({ name, cents, repeats }, index) => {
          const { commit, next } = decide(decided, `step-${index}`, name, { cents });
          log.push(commit, ...(repeats ? [commit] : []));
          decided = next;
        });
        const read = log
          .map((commit) => decodeCommit(encodeCommit(commit)))
          .reduce<State>((state, commit) => runtime.fold(state, commit) ?? state, runtime.initial("ada"));
        expect(read).toEqual(decided);
        expect(read.state.balance).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("a stored event", () => {
  const stored = (event: object): Commit => ({
    ...credited.commit,
    events: [{ specversion: "1.0", id: "e", source: "old", subject: "ada", type: "account.debited", ...event }],
  });

  test("of an earlier version is mended by upcast, and gets the defaults of its schema", () => {
    expect(runtime.fold(open.next, stored({ data: { amount: 2 } }))?.state.balance).toBe(-2);
  });

  test.each<[string, object, string]>([
    [
      "of a type that nobody knows",
      { type: "account.frozen", data: {} },
      'Expected event account.frozen (e) of "ada" to be one of account.opened, account.credited',
    ],
    ["of another aggregate", { type: "loan.opened", data: { owner: "Ada" } }, "Expected event loan.opened (e)"],
    ["of a name from the prototype", { type: "account.constructor", data: {} }, "Expected event account.constructor (e)"],
    ["that fits no more", { data: { cents: "2" } }, 'Expected event account.debited (e) of "ada" to fit its schema. /cents'],
    ["without data", {}, "to fit its schema"],
  ])("%s stops its reader with an error that says how to go on", (_, event, message) => {
    expect(() => runtime.fold(open.next, stored(event))).toThrow(EventError);
    expect(() => runtime.fold(open.next, stored(event))).toThrow(message);
  });

  test("of a void commit is not looked at", () => {
    expect(runtime.fold(credited.next, stored({ type: "account.frozen" }))).toBeUndefined();
  });
});
