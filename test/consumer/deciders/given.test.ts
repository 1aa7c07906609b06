import { describe, expect, test } from "vitest";
import type { DeciderDefinition } from "../../../consumer/deciders/decider.ts";
import { decider } from "../../../consumer/deciders/decider.ts";
import { given } from "../../../consumer/deciders/given.ts";
import { accounts } from "../../contract/bank.ts";
import { account } from "./account.ts";

type State = typeof account.initial;
type Definition = DeciderDefinition<typeof accounts, State>;

const OPENED = { type: "opened", data: { owner: "Ada" } } as const;
const CREDITED = { type: "credited", data: { cents: 5 } } as const;
const debit = (cents: number) => ({ type: "debit", data: { account: "ada", cents } }) as const;
/** The account with some of its behaviour replaced. */
const changed = ({ evolve, decide }: { evolve?: Partial<Definition["evolve"]>; decide?: Partial<Definition["decide"]> }) =>
  decider(accounts, {
    initial: account.initial,
    evolve: { ...account.evolve, ...evolve },
    decide: { ...account.decide, ...decide },
  });

describe("a decider is tested without any infrastructure", () => {
  test("by what happens when a command comes", () => {
    const outcome = given(account, OPENED, CREDITED).when(debit(3));
    outcome.then({ type: "debited", data: { cents: 3 } });
    outcome.thenReply({ balance: 2 });
    outcome.thenState({ isOpen: true, balance: 2 });
  });

  test("by the error that refuses it", () => {
    const refused = given(account, OPENED, CREDITED).when(debit(6));
    refused.then({ error: "TOO_LITTLE_MONEY" });
    refused.then({ error: "TOO_LITTLE_MONEY", data: { balance: 5 } });
    refused.thenState({ isOpen: true, balance: 5 });
    given(account).when(debit(1)).then({ error: "NOT_OPEN" });
  });

  test("by the state alone, and by nothing at all having happened", () => {
    given(account).thenState({ isOpen: false, balance: 0 });
    given(account, OPENED)
      .when({ type: "open", data: { account: "ada", owner: "Ada" } })
      .thenNothing();
  });

  test("what does not compile: another event, another command, another error", () => {
    // @ts-expect-error the aggregate has no such event
    expect(() => given(account, { type: "closed", data: {} })).not.toThrow();
    // @ts-expect-error the aggregate has no such command
    expect(() => given(account).when({ type: "close", data: {} })).toThrow("Expected a command of the aggregate");
    // @ts-expect-error the contract has no such error
    expect(() => given(account).when(debit(1)).then({ error: "CLOSED" })).toThrow();
    // @ts-expect-error one event has no function
    expect(() => decider(accounts, { ...account, evolve: { opened: account.evolve.opened } })).toThrow("none for credited, debited");
  });
});

describe("such a test fails", () => {
  test.each<[string, () => void, RegExp]>([
    ["if other events happen", () => given(account, OPENED, CREDITED).when(debit(3)).then(CREDITED), /credited/],
    ["if fewer happen", () => given(account, OPENED, CREDITED).when(debit(3)).thenNothing(), /debited/],
    ["if it is refused instead", () => given(account).when(debit(3)).then(CREDITED), /got error NOT_OPEN: Open the account first/],
    ["if it is not refused", () => given(account, OPENED, CREDITED).when(debit(3)).then({ error: "NOT_OPEN" }), /was not refused/],
    [
      "if the data of the error is another",
      () => given(account, OPENED).when(debit(3)).then({ error: "TOO_LITTLE_MONEY", data: {} }),
      /balance/,
    ],
    ["if the state is another", () => given(account, OPENED).thenState({ isOpen: true, balance: 1 }), /balance/],
    [
      "if a request does not fit its schema",
      () => given(account).when(debit(-1)),
      /Expected the request of command debit to fit its schema\. \/cents/,
    ],
    [
      "if an event does not fit its schema",
      () => given(account, { ...CREDITED, data: { cents: 0 } }).thenState(account.initial),
      /event aggregate\.credited to fit/,
    ],
  ])("%s", (_, check, message) => {
    expect(check).toThrow(message);
  });

  let calls = 0;
  test.each<[string, Parameters<typeof changed>[0], string]>([
    [
      "if a state is changed in place",
      { evolve: { credited: (state, { cents }) => Object.assign(state, { balance: state.balance + cents }) } },
      "Expected evolve.credited to return a new state",
    ],
    [
      "if folding again has another result",
      { evolve: { credited: (state) => ({ ...state, balance: (calls += 1) }) } },
      "Expected evolve to have the same result",
    ],
    ["if a state is no JSON", { evolve: { credited: (state) => ({ ...state, seen: new Date(0) }) } }, "Expected the state to be JSON"],
    [
      "if deciding again has another result",
      { decide: { debit: () => ({ events: [{ type: "credited", data: { cents: (calls += 1) } }], reply: { balance: 0 } }) } },
      "Expected decide.debit to decide the same",
    ],
    [
      "if a reply does not fit its schema",
      { decide: { debit: () => ({ events: [], reply: { balance: 0.5 } }) } },
      "Expected the reply of aggregate.debit to fit its schema. /balance",
    ],
    [
      "if a decided event does not fit its schema",
      { decide: { debit: () => ({ events: [{ type: "credited", data: { cents: 0 } }], reply: { balance: 0 } }) } },
      "Expected the data of event aggregate.credited to fit its schema",
    ],
  ])("%s", (_, behaviour, message) => {
    expect(() => given(changed(behaviour), OPENED, CREDITED).when(debit(3))).toThrow(message);
  });

  test("if the initial state is changed, since all aggregates begin with it", () => {
    const changing = changed({ evolve: { opened: (state) => Object.assign(state, { isOpen: true }) } });
    expect(() => given(changing, OPENED).thenState(account.initial)).toThrow("read only property");
  });
});
