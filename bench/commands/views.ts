import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { connect, createHistogram, measureLoad, type Target } from "../load.ts";
import { post } from "../requests.ts";
import { exitWhenTold } from "../exit-when-told.ts";
import { startProgram, type StartedProgram } from "../processes.ts";
import { type Counters, readRow } from "./counters.ts";

/** From the reply to a command to its row at the edge, by whoever asks for the row after the position of the command. */
export const measureRowLatency = async ({ url }: Counters, times: number): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> => {
  const latencies = createHistogram();
  await using connection = connect(url);
  for (let turn = 0; turn < times; turn++) {
    const counter = `c-${turn % 100}`;
    const { headers } = await connection.ask(
      post(url, "/requests/counter.increment", { counter, by: 1 }, { headers: { prefer: "wait=20" } }),
    );
    const replied = performance.now();
    const position = encodeURIComponent(String(headers["rejoinder-position"]));
    await connection.ask({
      origin: url,
      method: "GET",
      path: `/views/counts/${counter}?after=${position}`,
      headers: { prefer: "wait=20" },
      status: 200,
    });
    latencies.recordMs(performance.now() - replied);
  }
  return { p50Ms: latencies.percentileUs(50) / 1_000, p99Ms: latencies.percentileUs(99) / 1_000 };
};

/** A row, and the same bytes from a route that does nothing else. */
export const rowTarget = (url: string): Target => ({ origin: url, method: "GET", path: "/views/counts/c-0", status: 200 });

export const startBareHono = (): Promise<StartedProgram> => startProgram({ name: "bare Hono", file: import.meta.filename, args: [] });

export type Replay = {
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Of commands while the version was filled, and once it was. */
  readonly p99WhileUs: number;
  readonly p99AfterUs: number;
};

/** Fills the log, starts again with another version of the view, and sends commands until that is served. */
export const measureReplay = async (
  counters: Counters,
  { events, measureMs }: { readonly events: number; readonly measureMs: number },
): Promise<Replay> => {
  const each = 100;
  const fill = counters.repeats(each);
  await using connection = connect(counters.url);
  let next = 0;
  const send = async (): Promise<void> => {
    await using own = connect(counters.url);
    for (; next < events; next += each) for (const target of fill.next()) await own.send(target);
  };
  await Promise.all(Array.from({ length: 16 }, send));
  await counters.restart(2);
  const began = performance.now();
  const latencies = createHistogram();
  const over = new AbortController();
  let tookMs = 0;
  const served = async (): Promise<void> => {
    while ((await readRow(counters.url, "c-0"))?.version !== 2) await wait(20);
    tookMs = performance.now() - began;
    over.abort();
  };
  const command = async (): Promise<void> => {
    const increments = counters.increments();
    while (!over.signal.aborted) {
      const sent = performance.now();
      for (const target of increments.next()) await connection.send(target);
      latencies.recordMs(performance.now() - sent);
    }
  };
  await Promise.all([served(), command()]);
  const { p99Us } = await measureLoad(counters.increments(), { connections: 1, warmUpMs: 300, measureMs });
  return { events, eventsPerSecond: (events * 1_000) / tookMs, p99WhileUs: latencies.percentileUs(99), p99AfterUs: p99Us };
};

if (import.meta.main) {
  const app = new Hono();
  app.get("/views/:view/:key", (context) => context.json({ count: 1, version: 1 }));
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  exitWhenTold();
  process.send?.({ type: "ready", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
