import { createHistogram, ask } from "../load.ts";
import { readProportionalBytes } from "../process-figures.ts";
import type { Stack } from "../processes.ts";
import { post } from "../requests.ts";

/** Accepts a countdown that says something after so many milliseconds, and resolves to its status' URL. */
const begin = async ({ workerUrl }: Stack, everyMs: number): Promise<string> => {
  const { body } = await ask(post(workerUrl, "/requests/countdown", { from: 1, everyMs }, { status: 202 }));
  return `${workerUrl}/status/${(JSON.parse(body) as { readonly correlationId: string }).correlationId}`;
};

/** Reads an event stream, and calls back with the data of each event of that name. Resolves at its end. */
const follow = async (url: string, name: string, onData: (data: string) => void, onOpen = (): void => {}): Promise<void> => {
  const response = await fetch(url, { headers: { accept: "text/event-stream" } });
  onOpen();
  let text = "";
  for await (const part of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      if (lines.includes(`event: ${name}`)) onData(lines.find((line) => line.startsWith("data: "))?.slice(6) ?? "");
    }
  }
};

/** How many milliseconds pass from `progress()` in a handler to the reader of the event stream, for requests that come one after another. */
export const timeProgress = async (stack: Stack, count: number): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> => {
  const times = createHistogram();
  for (let index = 0; index < count; index++) {
    const onData = (data: string): void => {
      const { percent } = JSON.parse(data) as { readonly percent: number };
      times.recordMs(Number(process.hrtime.bigint()) / 1e6 - percent);
    };
    await follow(await begin(stack, 30), "progress", onData);
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
  // Whatever the first of them makes is made once.
  let opened = 0;
  const open = (): Promise<void> =>
    new Promise((resolve) => {
      const ends = (): void => {};
      follow(
        url,
        "status",
        () => {},
        () => {
          opened += 1;
          resolve();
        },
      ).catch(ends);
    });
  await Promise.all(Array.from({ length: 50 }, open));
  const before = await weigh();
  for (let index = 0; index < count; index += 50) await Promise.all(Array.from({ length: 50 }, open));
  if (opened !== count + 50) throw new Error(`Expected ${count + 50} streams, got ${opened}`);
  return ((await weigh()) - before) / count;
};
