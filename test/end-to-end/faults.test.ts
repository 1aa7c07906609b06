import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StatusBody } from "../../protocol/status.ts";
import { HOSTS, type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller, type Sent } from "./caller.ts";

// Requests that use all that can happen on their way: they fail at first, give their replies in pieces, are cancelled, and share ordering keys.
const REQUESTS = 500;
const AT_ONCE = 100;
const COUNT_FROM = 40;

type Kind = {
  readonly operation: string;
  readonly body: (index: number) => unknown;
  readonly expectEnd: (end: StatusBody, index: number) => void;
};

const isCounted = (end: StatusBody): void => {
  expect(end).toMatchObject({ state: "succeeded", reply: { counted: COUNT_FROM } });
  // Whoever handled it, and however often: all pieces of one run, each once, in order.
  expect(end.chunks).toEqual(Array.from({ length: COUNT_FROM }, (_, index) => ({ left: COUNT_FROM - 1 - index })));
};

const KINDS: readonly Kind[] = [
  {
    operation: "sum",
    body: (index) => ({ a: index, b: 0.5 }),
    expectEnd: (end, index) => expect(end).toMatchObject({ state: "succeeded", reply: { sum: index + 0.5 } }),
  },
  {
    operation: "flaky",
    body: () => ({ failures: 2 }),
    expectEnd: (end) => expect(end).toMatchObject({ state: "succeeded", reply: { attempt: 3 } }),
  },
  { operation: "countdown", body: () => ({ from: COUNT_FROM, everyMs: 50 }), expectEnd: isCounted },
  {
    // Cancelled by their callers, who may be too late.
    operation: "countdown",
    body: () => ({ from: COUNT_FROM, everyMs: 50 }),
    expectEnd(end) {
      if (end.state === "cancelled") expect(end.error).toMatchObject({ code: "CANCELLED" });
      else isCounted(end);
    },
  },
  {
    operation: "flaky",
    body: () => ({ failures: 1_000 }),
    expectEnd: (end) => expect(end).toMatchObject({ state: "failed", error: { code: "NOT_YET", attempts: 5, deadLetter: "requests-dlt" } }),
  },
];
const CANCELLED = 3;

/** Every tenth fails for good, and most are plain. */
const kindOf = (index: number): number =>
  index % 10 === 9 ? 4 : index % 5 === 1 ? 1 : index % 5 === 2 ? 2 : index % 5 === 3 ? CANCELLED : 0;

/** Sends all of them; when a third is sent, something happens. Each must end as it should. */
const expectAllEnd = async (stack: Stack, inTheMiddle: () => Promise<void>): Promise<void> => {
  const caller = createCaller(stack.url);
  const sent: Sent[] = [];
  let next = 0;
  let middle: Promise<void> | undefined;
  const send = async (): Promise<void> => {
    for (let index = next++; index < REQUESTS; index = next++) {
      const kind = KINDS[kindOf(index)] as Kind;
      const first = await caller.send(kind.operation, kind.body(index));
      // Who is refused comes again when everything is back.
      if (first.outcome === "refused") await middle;
      const one = first.outcome === "refused" ? await caller.send(kind.operation, kind.body(index)) : first;
      sent[index] = one;
      if (one.outcome === "accepted" && kindOf(index) === CANCELLED) await cancel(stack.url, one.id);
      if (index === Math.floor(REQUESTS / 3)) middle = inTheMiddle();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  await middle;
  const ends = await Promise.all(sent.map((one) => (one.outcome === "accepted" ? endOf(caller, one.id) : undefined)));
  // All but those of which nobody knows whether they were taken.
  expect(ends.filter((end) => end !== undefined).length).toBe(sent.filter(({ outcome }) => outcome !== "unknown").length);
  for (const [index, end] of ends.entries()) if (end !== undefined) (KINDS[kindOf(index)] as Kind).expectEnd(end, index);
};

/** The end, and that versions only grow on the way there. */
const endOf = async (caller: Caller, id: string): Promise<StatusBody> => {
  const seen = await caller.status(id).catch(() => undefined);
  const end = await caller.end(id);
  expect(end.version).toBeGreaterThanOrEqual(seen?.version ?? 0);
  return end;
};

/** The server may be away, or the request over: then it goes its own way. */
const cancel = (url: string, id: string): Promise<unknown> =>
  fetch(`${url}/status/${id}`, { method: "DELETE" }).then(
    (response) => response.text(),
    () => undefined,
  );

describe.each(HOSTS)("with the Worker in %s", { retry: 0 }, (host) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({}, { host });
  });
  afterAll(() => stack.remove());

  const victims: readonly StackProcess[] = host === "node" ? ["consumer", "worker"] : ["consumer", "worker", "workerd", "gateway"];

  test.each(victims)(
    `kill -9 of the %s among ${REQUESTS} requests that are retried, cancelled and answered in pieces: each ends as it should`,
    async (victim) => {
      await expectAllEnd(stack, () => stack.crash(victim));
    },
  );
});
