import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller, type Sent } from "./caller.ts";

const REQUESTS = 200;
const AT_ONCE = 32;
/** Once so many were answered, the process is killed. */
const CRASH_AFTER = 70;

let stack: Stack;
let caller: Caller;
beforeAll(async () => {
  stack = await startStack();
  caller = createCaller(stack.url);
});
afterAll(() => stack.remove());

/** One in twenty takes seconds, so that something is being worked on whenever the crash comes. */
const isReport = (index: number): boolean => index % 20 === 10;

const request = (index: number): readonly [operation: string, body: unknown] =>
  isReport(index)
    ? ["report", { account: `account-${index}`, lines: [{ date: "2026-01-15", product: "bolt", quantity: index, unitPrice: 1 }] }]
    : ["sum", { a: index, b: 0.5 }];

const reply = (index: number): object => (isReport(index) ? { account: `account-${index}`, total: index } : { sum: index + 0.5 });

/** Sends all requests, a few at once, as callers do that know nothing of each other; calls `inTheMiddle` while others are under way. */
const sendAll = async (inTheMiddle: () => Promise<void>): Promise<readonly Sent[]> => {
  const sent: Sent[] = [];
  let next = 0;
  let answered = 0;
  let crashed: Promise<void> | undefined;
  const one = async (): Promise<void> => {
    for (let index = next++; index < REQUESTS; index = next++) {
      // The last ones are sent when everything is back, so that it is seen to work again.
      if (index >= REQUESTS - AT_ONCE) await crashed;
      sent[index] = await caller.send(...request(index));
      if (++answered === CRASH_AFTER) crashed = inTheMiddle();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await crashed;
  return sent;
};

test.each(["gateway", "consumer", "workerd", "worker"] satisfies StackProcess[])(
  "kill -9 of the %s in the middle of 200 requests loses no reply",
  async (victim) => {
    const sent = await sendAll(() => stack.crash(victim));
    const accepted = sent.flatMap((one, index) => (one.outcome === "accepted" ? [{ index, id: one.id }] : []));
    expect(accepted.length).toBeGreaterThanOrEqual(CRASH_AFTER - 1);
    expect(accepted.some(({ index }) => index >= REQUESTS - AT_ONCE)).toBe(true);

    const ends = await Promise.all(accepted.map(async ({ index, id }) => ({ index, end: await caller.end(id) })));
    for (const { index, end } of ends) expect(end).toMatchObject({ state: "succeeded", reply: reply(index) });

    // Nobody promised these; if there is a reply, it is the right one, and nothing says that they failed.
    for (const [index, one] of sent.entries()) {
      if (one.outcome !== "unknown") continue;
      const status = await caller.status(one.id);
      expect(["accepted", "processing", "succeeded"]).toContain(status.state);
      if (status.state === "succeeded") expect(status.reply).toMatchObject(reply(index));
    }
  },
);
