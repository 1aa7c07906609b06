import { createConnection, type Socket } from "node:net";
import type { MeasuredCase } from "../cases.ts";
import { measureLoad, type Target } from "../load.ts";
import type { Gateway } from "../processes.ts";
import { readResidentBytes, watch } from "../process-figures.ts";
import { spreadOf, type Table } from "../result.ts";
import { createConsumption, createFetch, createMixedPosts, OK_OR_UNAVAILABLE, TOPICS } from "./requests.ts";

/** What became of a gateway that was given more than it could take for a while. */
export type Flood = {
  /** The posts. */
  readonly load: Pick<MeasuredCase, "name" | "connections" | "rounds">;
  readonly posts: Answers;
  readonly consumesAndCommits: Answers;
  /** Before it began. */
  readonly idleBytes: number;
  readonly memory: ReturnType<typeof summarizeMemory>;
};

/** How often a gateway took what it was given (200), and how often it had no room (503). */
type Answers = Readonly<Record<string, number>>;

const FLOOD_CONNECTIONS = 32;
/** What is kept of each partition, so that a flood of any length fits on the disk. */
export const FLOOD_VARIABLES = { GATEWAY_RETENTION_BYTES: String(32 * 2 ** 20) };

/** Between two looks at its memory; in a short flood less, so that each quarter has several. */
const LONGEST_PAUSE_MS = 1_000;
const LEAST_LOOKS = 20;

/**
 * Produces without a pause, while one consumer takes what it can and another client sends requests and never reads an answer.
 * @throws Error at the first answer that is neither 200 nor 503
 */
export const runFlood = async (gateway: Gateway, floodMs: number): Promise<Flood> => {
  const createTally = () => {
    const total = { 200: 0, 503: 0 };
    return { total, onAnswer: (status: number) => void (total[status as 200] += 1) };
  };
  const [posts, consumes] = [createTally(), createTally()];
  const consumption = createConsumption(gateway, { topic: TOPICS.requests, group: "flood", status: OK_OR_UNAVAILABLE });
  const idleBytes = await readResidentBytes(gateway.pid);
  const began = performance.now();
  using memory = watch(Math.min(LONGEST_PAUSE_MS, floodMs / LEAST_LOOKS), async () => {
    const atMs = performance.now() - began;
    return { atMs, bytes: await readResidentBytes(gateway.pid) };
  });
  using _slowClient = startSlowClient(createFetch(gateway));
  const time = { warmUpMs: 0, measureMs: floodMs };
  const [measurement] = await Promise.all([
    measureLoad(createMixedPosts(gateway), { ...time, ...posts, connections: FLOOD_CONNECTIONS }),
    measureLoad(consumption, { ...time, ...consumes, connections: 1 }),
  ]);
  const load = { name: "flood", connections: FLOOD_CONNECTIONS, rounds: [measurement] };
  const answers = { posts: posts.total, consumesAndCommits: consumes.total };
  return { load, ...answers, idleBytes, memory: summarizeMemory(memory.samples(), floodMs) };
};

/** Often enough that soon no buffer on the way can hold the answers, and seldom enough that each request comes by itself. */
const EVERY_MS = 100;

/** Sends a request again and again on one connection, and never reads an answer. If the server cuts the connection, it makes another one. */
export const startSlowClient = ({ origin, method, path, headers = {}, body = "" }: Target, everyMs: number = EVERY_MS): Disposable => {
  const { hostname, port, host } = new URL(origin);
  const lines = Object.entries({ ...headers, host, "content-length": Buffer.byteLength(body) }).map(([name, value]) => `${name}: ${value}`);
  const request = [`${method} ${path} HTTP/1.1`, ...lines, "", body].join("\r\n");
  // Paused before it is connected, or it would read ahead.
  const start = (): Socket =>
    createConnection({ host: hostname, port: Number(port) })
      .on("error", () => {})
      .pause();
  let socket = start();
  const timer = setInterval(() => {
    if (socket.destroyed) socket = start();
    else if (!socket.writableNeedDrain) socket.write(request);
  }, everyMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      socket.destroy();
    },
  };
};

/** How much memory a process held at a moment of the flood. */
export type MemorySample = { readonly atMs: number; readonly bytes: number };

const LONGEST_WINDOW_MS = 60_000;
const LEAST_WINDOWS = 4;

/**
 * Whether memory stayed flat over a flood: the medians of one window after another, each a minute, or a quarter of a flood of less than four.
 * The first one is the start of the process, and says nothing. @throws TypeError if one of the windows has no sample
 */
export const summarizeMemory = (samples: readonly MemorySample[], floodMs: number) => {
  const windowMs = Math.min(LONGEST_WINDOW_MS, floodMs / LEAST_WINDOWS);
  const windowBytes = Array.from({ length: Math.floor(floodMs / windowMs) }, (_, index) => {
    const within = samples.filter(({ atMs }) => Math.floor(atMs / windowMs) === index);
    return spreadOf(within.map(({ bytes }) => bytes)).median;
  });
  const lastToSecond = (windowBytes.at(-1) ?? Number.NaN) / (windowBytes[1] ?? Number.NaN);
  return { windowMs, windowBytes, lastToSecond, peakBytes: Math.max(...samples.map(({ bytes }) => bytes)) };
};

export const MIB = 2 ** 20;

export const tableOfFlood = ({ load, posts, consumesAndCommits, idleBytes, memory }: Flood): Table => {
  const windows = Object.fromEntries(memory.windowBytes.map((bytes, index) => [`window ${index + 1}`, bytes / MIB]));
  const figures = { idle: idleBytes / MIB, ...windows, peak: memory.peakBytes / MIB };
  return {
    title: "flood",
    lines: [
      { name: "posts", numbers: { "rate/s": load.rounds[0]?.ratePerSecond ?? 0, ...posts } },
      { name: "consumes and commits", numbers: consumesAndCommits },
      { name: `MiB, in windows of ${memory.windowMs / 1_000} s`, numbers: figures },
    ],
  };
};
