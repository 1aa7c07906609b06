import { expect } from "vitest";
import type { Caller, Sent } from "./caller.ts";

/** Many requests of callers that know nothing of each other, and something that happens in the middle of them. */
export type Workload = {
  readonly caller: Caller;
  readonly requests: number;
  /** Begins once a third was answered, while others are under way. The last requests are sent when it is over. */
  readonly inTheMiddle: () => Promise<void>;
  /** Whether that takes as long as a deadline: then what was accepted may end without a reply, as its caller was told it would. */
  readonly mayExpire?: boolean;
};

const AT_ONCE = 32;

/** One in twenty takes seconds, so that something is being worked on whatever happens when. */
const isReport = (index: number): boolean => index % 20 === 10;

const request = (index: number): readonly [operation: string, body: unknown] =>
  isReport(index)
    ? ["report", { account: `account-${index}`, lines: [{ date: "2026-01-15", product: "bolt", quantity: index, unitPrice: 1 }] }]
    : ["sum", { a: index, b: 0.5 }];

const reply = (index: number): object => (isReport(index) ? { account: `account-${index}`, total: index } : { sum: index + 0.5 });

/**
 * Sends all of them, a few at once, and expects what everybody is promised: whatever was accepted ends with its own reply, and it works again
 * afterwards. Resolves to what the callers were told.
 */
export const expectNothingLost = async (workload: Workload): Promise<readonly Sent[]> => {
  const { caller, requests, mayExpire = false } = workload;
  const sent = await sendAll(workload);
  const accepted = sent.flatMap((one, index) => (one.outcome === "accepted" ? [{ index, id: one.id }] : []));
  expect(accepted.length).toBeGreaterThanOrEqual(Math.floor(requests / 3) - 1);
  expect(accepted.some(({ index }) => index >= requests - AT_ONCE)).toBe(true);

  const ends = await Promise.all(accepted.map(async ({ index, id }) => ({ index, end: await caller.end(id) })));
  for (const { index, end } of ends) {
    if (mayExpire && end.state === "expired") continue;
    expect(end).toMatchObject({ state: "succeeded", reply: reply(index) });
  }

  // Nobody promised these: one that was not stored expires. If there is a reply, it is the right one, and nothing says that they failed.
  for (const [index, one] of sent.entries()) {
    if (one.outcome !== "unknown") continue;
    const status = await caller.status(one.id);
    expect(["accepted", "processing", "succeeded", "expired"]).toContain(status.state);
    if (status.state === "succeeded") expect(status.reply).toMatchObject(reply(index));
  }
  return sent;
};

const sendAll = async ({ caller, requests, inTheMiddle }: Workload): Promise<readonly Sent[]> => {
  const sent: Sent[] = [];
  let next = 0;
  let answered = 0;
  let middle: Promise<void> | undefined;
  const one = async (): Promise<void> => {
    for (let index = next++; index < requests; index = next++) {
      // The last ones are sent when everything is back, so that it is seen to work again.
      if (index >= requests - AT_ONCE) await middle;
      sent[index] = await caller.send(...request(index));
      if (++answered === Math.floor(requests / 3)) middle = inTheMiddle();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await middle;
  return sent;
};
