import { readEvents } from "../../client/event-stream.ts";
import { createHistogram, ask } from "../load.ts";
import { readProportionalBytes } from "../process-figures.ts";
import type { Stack } from "../processes.ts";
import { post } from "../requests.ts";

/** Accepts a countdown that says something after so many milliseconds, and resolves to its status' URL. */
const begin = async ({ workerUrl }: Stack, everyMs: number): Promise<string> => {
  const { body } = await ask(post(workerUrl, "/requests/countdown", { from: 1, everyMs }, { status: 202 }));
  return `${workerUrl}/status/${(JSON.parse(body) as { readonly correlationId: string }).correlationId}`;
};

/** Opens an event stream. */
const openEvents = async (url: string) => {
  const { body } = await fetch(url, { headers: { accept: "text/event-stream" } });
  if (body === null) throw new Error(`Expected an event stream at ${url}`);
  return body;
};

/** How many milliseconds pass from `progress()` in a handler to the reader of the event stream, for requests that come one after another. */
export const timeProgress = async (stack: Stack, count: number): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> => {
  const times = createHistogram();
  for (let index = 0; index < count; index++) {
    await readEvents(await openEvents(await begin(stack, 30)), (events) => {
      const now = Number(process.hrtime.bigint()) / 1e6;
      for (const { type, data } of events) if (type === "progress") times.recordMs(now - (data as { readonly percent: number }).percent);
      return false;
    });
  }
  if (times.count() !== count) throw new Error(`Expected ${count} events of progress, got ${times.count()}`);
  return { p50Ms: times.percentileUs(50) / 1_000, p99Ms: times.percentileUs(99) / 1_000 };
};

/** How many bytes each open event stream takes the Worker's processes. */
export const weighStreams = async (stack: Stack, count: number): Promise<number> => {
  const { worker = 0, workerd } = stack.pids;
  const weigh = async (): Promise<number> => {
    const held = await Promise.all([worker, ...(workerd === undefined ? [] : [workerd])].map(readProportionalBytes));
    return held.reduce((sum, bytes) => sum + bytes, 0);
  };
  const url = await begin(stack, 60_000);
  /** Its end is that of the stack. */
  const open = async (): Promise<void> => void readEvents(await openEvents(url), () => false).catch(() => {});
  // Whatever the first of them makes is made once.
  await Promise.all(Array.from({ length: 50 }, open));
  const before = await weigh();
  for (let index = 0; index < count; index += 50) await Promise.all(Array.from({ length: 50 }, open));
  return ((await weigh()) - before) / count;
};
