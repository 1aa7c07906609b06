import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Client } from "undici";
import { createHistogram } from "../histogram.ts";
import { exchange, type Target } from "../load.ts";

export type WaitingCallersOptions = {
  /** Each on a connection of its own. */
  readonly count: number;
  /** Over which they come, one as long after another as any other, unless the path takes them more slowly. */
  readonly rampMs: number;
  /** What the handler takes, however many there are. */
  readonly handlerMs: number;
};

/** What became of them. Times in microseconds. */
export type WaitingCallers = {
  readonly count: number;
  /** Until the last one had come. */
  readonly rampMs: number;
  /** As many waited at one moment. */
  readonly mostAtOnce: number;
  /** As many got the reply to their own request. */
  readonly right: number;
  /** What others got instead, and how many of them. */
  readonly wrong: Readonly<Record<string, number>>;
  /** From before connecting to the whole answer, without what the handler took; 0 if nobody got the right one. */
  readonly beyondHandlerP50Us: number;
  readonly beyondHandlerP99Us: number;
};

/** After so many callers one asks who does not wait, and before as many again have come it must be accepted: more would only be refused. */
const CALLERS_PER_PROBE = 100;
/** The longest that the Worker lets a caller wait. */
const WAIT_SECONDS = 25;

/** Has as many callers as wanted ask for a sum, another one each, and wait for it. A wrong answer is counted, and ends nothing. */
export const runWaitingCallers = async (
  origin: string,
  { count, rampMs: intendedRampMs, handlerMs }: WaitingCallersOptions,
): Promise<WaitingCallers> => {
  const beyondHandler = createHistogram();
  const wrong: Record<string, number> = {};
  let [waiting, mostAtOnce] = [0, 0];
  const note = (error: unknown): void => {
    const what = withoutNumbers((error as Error).message);
    wrong[what] = (wrong[what] ?? 0) + 1;
  };

  const call = async (index: number): Promise<void> => {
    const client = new Client(origin, { pipelining: 1 });
    mostAtOnce = Math.max(mostAtOnce, ++waiting);
    const sent = performance.now();
    try {
      const { body } = await exchange(client, createSum(origin, index), { keepBody: true });
      if (!isDeepStrictEqual(JSON.parse(body), { sum: index + 1 })) throw new Error(`Expected the sum ${index + 1}, got ${body}`);
      beyondHandler.record(performance.now() - sent - handlerMs);
    } catch (error) {
      note(error);
    } finally {
      waiting -= 1;
      await client.destroy();
    }
  };

  const prober = new Client(origin, { pipelining: 1 });
  let probe: Promise<unknown> = Promise.resolve();
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    if (index % CALLERS_PER_PROBE === 0 && index > 0) {
      await probe;
      probe = exchange(prober, createProbe(origin)).catch(note);
    }
    const aheadMs = began + (index * intendedRampMs) / count - performance.now();
    if (aheadMs > 0) await wait(aheadMs);
    calls.push(call(index));
  }
  const rampMs = performance.now() - began;
  await Promise.all([...calls, probe]);
  await prober.destroy();
  return {
    count,
    rampMs,
    mostAtOnce,
    right: beyondHandler.count,
    wrong,
    beyondHandlerP50Us: beyondHandler.percentileUs(50),
    beyondHandlerP99Us: beyondHandler.percentileUs(99),
  };
};

const createSum = (origin: string, index: number): Target => ({
  origin,
  method: "POST",
  path: "/requests/sum",
  headers: { "content-type": "application/json", prefer: `wait=${WAIT_SECONDS}` },
  body: JSON.stringify({ a: index, b: 1 }),
  status: 200,
});

const createProbe = (origin: string): Target => ({
  origin,
  method: "POST",
  path: "/requests/echo",
  headers: { "content-type": "application/json" },
  body: "{}",
  status: 202,
});

/** So that what is the same of all is counted as one; an ID is no word either. */
const withoutNumbers = (message: string): string =>
  message
    .slice(0, 120)
    .replaceAll(/[\w-]{60,}/g, "…")
    .replaceAll(/\d{4,}/g, "…");
