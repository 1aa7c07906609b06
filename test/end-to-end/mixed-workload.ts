import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { StatusBody } from "../../protocol/status.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { Stack } from "../helpers/stack.ts";
import { createCaller, type Sent } from "./caller.ts";

// Requests that use all that can happen on their way: they fail at first, give their replies in pieces, are cancelled, and share ordering keys.
export const REQUESTS = 500;
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

export type MixedWorkload = {
  readonly stack: Pick<Stack, "url">;
  /** Happens when a third is sent. */
  readonly inTheMiddle: () => Promise<void>;
};

/** Sends all of them, and follows each: none may go back to an earlier version, and each must end as it should. */
export const expectAllEnd = async ({ stack, inTheMiddle }: MixedWorkload): Promise<void> => {
  const caller = createCaller(stack.url);
  const sent: Sent[] = [];
  const followed: Promise<StatusBody>[] = [];
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
      if (one.outcome === "accepted") followed[index] = follow(stack.url, one.id);
      if (one.outcome === "accepted" && kindOf(index) === CANCELLED) await cancel(stack.url, one.id);
      if (index === Math.floor(REQUESTS / 3)) middle = inTheMiddle();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  await middle;
  const ends = await Promise.all(followed);
  // All but those of which nobody knows whether they were taken.
  expect(ends.filter((end) => end !== undefined).length).toBe(sent.filter(({ outcome }) => outcome !== "unknown").length);
  for (const [index, end] of ends.entries()) {
    if (end !== undefined) (KINDS[kindOf(index)] as Kind).expectEnd(end, index);
  }
};

/** The end of a request, by whoever asks for each change on its way there, and asks again while nobody answers. */
const follow = async (url: string, id: string): Promise<StatusBody> => {
  let version = -1;
  for (;;) {
    const headers = { prefer: "wait=20", "if-none-match": `"${version}"` };
    // While nobody answers, there are many who ask.
    const status = await fetch(`${url}/status/${id}`, { headers }).then(readStatus, () => wait(250, undefined));
    if (status === undefined) continue;
    expect(status.version).toBeGreaterThanOrEqual(version);
    version = status.version;
    if (isTerminal(status.state)) return status;
  }
};

/** Undefined: there is nothing new, or nobody can say. */
const readStatus = async (response: Response): Promise<StatusBody | undefined> => {
  const text = await response.text();
  return response.ok ? (JSON.parse(text) as StatusBody) : undefined;
};

/** The server may be away, or the request over: then it goes its own way. */
const cancel = (url: string, id: string): Promise<unknown> =>
  fetch(`${url}/status/${id}`, { method: "DELETE" }).then(
    (response) => response.text(),
    () => undefined,
  );
