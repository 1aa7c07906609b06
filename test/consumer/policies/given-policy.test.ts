import { expect, test } from "vitest";
import { after, policy, send } from "../../../consumer/policies/policy.ts";
import { givenEvents } from "../../../consumer/deciders/given-events.ts";
import { begins, contract, notices, transfers } from "./transfers.ts";

const begun = { type: "begun", data: { from: "ada", to: "bob", cents: 5 } } as const;
const completed = { type: "completed", data: {} } as const;
const debit = send(contract["account.debit"], { account: "ada", cents: 5 });
const timeOut = after("30s", send(contract["transfer.time-out"], { transfer: "t1" }));

test("a policy is tested by what it sends after events, without any infrastructure", () => {
  givenEvents(transfers, "t1", begun).thenSent(begins, debit, timeOut);
  givenEvents(transfers, "t1", completed).thenSent(begins);
  givenEvents(transfers, "t1", begun)
    .and("t2", completed)
    .and("t1", completed)
    .thenSent(notices, send(contract.notify, { text: "t2 completed at 1" }), send(contract.notify, { text: "t1 completed at 2" }));
});

const always = (follow: () => unknown) => policy(transfers, { completed: follow as never });

let count = 0;
test.each<[string, () => void, RegExp]>([
  ["it sends something else", () => givenEvents(transfers, "t1", begun).thenSent(begins, debit), /time-out/],
  [
    "it sends it at another time",
    () => givenEvents(transfers, "t1", begun).thenSent(begins, debit, after("1s", timeOut)),
    /afterMs: 31000/,
  ],
  ["it sends nothing", () => givenEvents(transfers, "t1", completed).thenSent(begins, debit), /account.debit/],
  [
    "it says something else each time",
    () => givenEvents(transfers, "t1", completed).thenSent(always(() => send(contract.notify, { text: `${(count += 1)}` }))),
    /to say the same when it is asked again/,
  ],
  [
    "it changes what it is given",
    () =>
      givenEvents(transfers, "t1", begun).thenSent(policy(transfers, { begun: (data) => void ((data as { cents: number }).cents = 1) })),
    /on.begun of the policy to leave what it is given as it was/,
  ],
  [
    "what it sends does not fit",
    () => givenEvents(transfers, "t1", completed).thenSent(always(() => send(contract.notify, { text: "x".repeat(51) }))),
    /to notify to fit its schema/,
  ],
  ["it throws", () => givenEvents(transfers, "t1", completed).thenSent(always(() => JSON.parse("{"))), /but it threw/],
  ["an event does not fit", () => givenEvents(transfers, "t1", { type: "begun", data: {} as never }), /to fit its schema/],
])("the test fails if %s", (_, run, message) => {
  expect(run).toThrow(message);
});

test("what does not compile: another event, another operation's request", () => {
  // @ts-expect-error the aggregate has no such event
  expect(() => policy(transfers, { reversed: () => undefined })).toThrow("got reversed");
  // @ts-expect-error the request is another one
  send(contract.notify, { transfer: "t1" });
  // @ts-expect-error the aggregate has no such event
  expect(() => givenEvents(transfers, "t1", { type: "reversed", data: {} })).toThrow();
});
