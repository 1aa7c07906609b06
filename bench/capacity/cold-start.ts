import { Client } from "undici";
import { duringLifetime } from "../lifetime.ts";
import { exchange } from "../load.ts";
import type { Pace } from "../pace.ts";
import type { BenchStack } from "../path/stack.ts";
import { createTargets } from "../path/targets.ts";
import { startWholeStack } from "../path/whole-stack.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { alignColumns, formatSpread } from "../table.ts";

/** In milliseconds. */
export type ColdStart = {
  /** From starting the Worker's process until it says that it is ready: the page and the Worker are built, workerd is started. */
  readonly readyMs: number;
  /** The first request and its reply, connecting included: a new isolate, a new object, its storage opened. */
  readonly firstMs: number;
  /** The median of many requests that come after many others, one at a time. */
  readonly warmMs: number;
};

export type ColdStartResult = {
  readonly name: "cold start";
  readonly readyMs: Spread;
  readonly firstMs: Spread;
  readonly warmMs: Spread;
  /** From starting the process to the first right answer. */
  readonly firstAnswerMs: Spread;
  /** Of the same start. */
  readonly firstToWarm: Spread;
};

/** So that just-in-time compilers have seen their work. */
const WARM_UPS = 200;
const WARM_SAMPLES = 100;
const RIGHT = JSON.stringify({ sum: 5 });

/** Stops and starts the Worker again and again, while gateway and consumer go on. @throws Error at the first wrong answer. */
export const measureColdStarts = ({ coldStarts }: Pace): Promise<ColdStart[]> =>
  duringLifetime(startWholeStack({ fsync: "os" }), async (stack) => {
    const measured: ColdStart[] = [];
    while (measured.length < coldStarts) {
      await stack.stopWorker();
      measured.push(await measureColdStart(stack));
    }
    return measured;
  });

const measureColdStart = async (stack: BenchStack): Promise<ColdStart> => {
  const began = performance.now();
  await stack.startWorker();
  const readyMs = performance.now() - began;
  const target = createTargets(stack)["request-reply"];
  const client = new Client(stack.workerUrl);
  const ask = async (): Promise<number> => {
    const sent = performance.now();
    const { body } = await exchange(client, target, { keepBody: true });
    const tookMs = performance.now() - sent;
    if (body !== RIGHT) throw new Error(`Expected ${RIGHT}, got ${body}`);
    return tookMs;
  };
  try {
    const firstMs = await ask();
    for (let count = 0; count < WARM_UPS; count++) await ask();
    const warm: number[] = [];
    while (warm.length < WARM_SAMPLES) warm.push(await ask());
    return { readyMs, firstMs, warmMs: spreadOf(warm).median };
  } finally {
    await client.destroy();
  }
};

export const summarizeColdStarts = (starts: readonly ColdStart[]): ColdStartResult => ({
  name: "cold start",
  readyMs: spreadOf(starts.map(({ readyMs }) => readyMs)),
  firstMs: spreadOf(starts.map(({ firstMs }) => firstMs)),
  warmMs: spreadOf(starts.map(({ warmMs }) => warmMs)),
  firstAnswerMs: spreadOf(starts.map(({ readyMs, firstMs }) => readyMs + firstMs)),
  firstToWarm: spreadOf(starts.map(({ firstMs, warmMs }) => firstMs / warmMs)),
});

export const formatColdStarts = ({ readyMs, firstMs, warmMs, firstAnswerMs, firstToWarm }: ColdStartResult): string =>
  alignColumns([
    ["cold start of the Worker", "ms"],
    ["  its process started → ready", formatSpread(readyMs)],
    ["  its process started → first right answer", formatSpread(firstAnswerMs)],
    ["  the first request and its reply", formatSpread(firstMs)],
    ["  a later one", formatSpread(warmMs)],
    ["  first ÷ later", formatSpread(firstToWarm)],
  ]);
