import { setTimeout as wait } from "node:timers/promises";
import { identifyProcess, isRunning } from "../../cli/processes/process-identity.ts";
import type { Host } from "../../cli/start/part-environments.ts";
import { measureCases, ratioOf, tableOf, warmUp } from "../cases.ts";
import { ask } from "../load.ts";
import type { Pace } from "../pace.ts";
import { startStack } from "../processes.ts";
import { createTargets, post, SUM } from "../requests.ts";
import { atLeast, atMost, type Result, type Section } from "../result.ts";
import { STUCK } from "./handlers.ts";
import { timeProgress, weighStreams } from "./streams.ts";

const LOG = { fsync: "os" } as const;

/** What retries, progress, event streams and steps cost, and what they cost those who use none of it. */
export const lifeSection: Section = {
  async measure(pace, say) {
    const results: Result[] = [];
    for (const host of ["node", "workerd"] as const) results.push(await measureStreams(host, pace));
    return [...results, await measureNeighbours(pace, say), await measureSteps(pace, say), await measureEnd(pace)];
  },
};

const measureStreams = async (host: Host, { streams, progresses }: Pace): Promise<Result> => {
  await using stack = await startStack(LOG, { host, life: "progress" });
  const { p50Ms, p99Ms } = await timeProgress(stack, progresses);
  const bytes = await weighStreams(stack, streams);
  return {
    name: `event streams, the Worker ${host === "node" ? "on Node" : "in workerd"}`,
    tables: [
      { title: "from progress() to the reader, ms", lines: [{ name: `${progresses} requests`, numbers: { p50: p50Ms, p99: p99Ms } }] },
      { title: "memory, KiB", lines: [{ name: `each of ${streams} open streams`, numbers: { "Worker's processes": bytes / 1_024 } }] },
    ],
    goals: [atMost(`${host}: from progress() to the reader, p99`, 30, p99Ms, "ms")],
  };
};

const REPORT = { lines: [{ date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 }] };
const WAIT = { headers: { prefer: "wait=20" } };

/** Reports of other accounts while those of one fail again and again, beside the same with none that fail. */
const measureNeighbours = async (pace: Pace, say: (line: string) => void): Promise<Result> => {
  await using calm = await startStack(LOG, { host: "node", life: "retries" });
  await using stuck = await startStack(LOG, { host: "node", life: "retries" });
  for (let index = 0; index < 20; index++)
    await ask(post(stuck.workerUrl, "/requests/report", { account: STUCK, ...REPORT }, { status: 202 }));
  let account = 0;
  const reports = (origin: string) => ({
    origin,
    next: () => [post(origin, "/requests/report", { account: `account-${account++ % 1_000}`, ...REPORT }, WAIT)],
  });
  const cases = [
    { name: "nobody retries", connections: 32, work: reports(calm.workerUrl) },
    { name: "one key retries", connections: 32, work: reports(stuck.workerUrl), beside: { "nobody's": "nobody retries" } },
  ];
  await warmUp(cases, pace.firstWarmUpMs);
  const measured = await measureCases(cases, pace, say);
  const p99 = ratioOf(measured, { connections: 32, of: "one key retries", to: "nobody retries", number: "p99Us" });
  return {
    name: "other ordering keys while one key retries, on Node, embedded",
    tables: [tableOf("reports", measured)],
    ratios: { "neighbour-p99-vs-calm": p99 },
    goals: [atMost("p99 of other keys while one retries ÷ while none does", 1.5, p99, "×")],
  };
};

/** The same sums, each as a step that is done once. */
const measureSteps = async (pace: Pace, say: (line: string) => void): Promise<Result> => {
  await using plain = await startStack(LOG, { host: "node" });
  await using steps = await startStack(LOG, { host: "node", life: "once" });
  const cases = [
    { name: "without", connections: 32, work: createTargets(plain)["request-reply"] },
    { name: "with once", connections: 32, work: createTargets(steps)["request-reply"], beside: { without: "without" } },
  ];
  await warmUp(cases, pace.firstWarmUpMs);
  const measured = await measureCases(cases, pace, say);
  const rate = ratioOf(measured, { connections: 32, of: "with once", to: "without" });
  return {
    name: "an empty handler with one step, kept in SQLite, on Node, embedded",
    tables: [tableOf("sums", measured)],
    ratios: { "once-vs-without": rate },
    goals: [atLeast("rate with a step ÷ without", 0.5, rate, "×")],
  };
};

const IN_FLIGHT = 100;

/** From SIGTERM to the exit of a consumer whose handlers take half a second. */
const measureEnd = async ({ handlerMs = 500 }: Pace & { readonly handlerMs?: number }): Promise<Result> => {
  await using stack = await startStack(LOG, { host: "node", handlerMs, variables: { CONSUMER_CONCURRENCY: String(IN_FLIGHT) } });
  const target = post(stack.workerUrl, "/requests/sum", SUM, WAIT);
  const calls = Array.from({ length: IN_FLIGHT }, () => ask(target));
  await ask(post(stack.workerUrl, "/requests/echo", {}, { status: 202 }));
  const consumer = identifyProcess(stack.pids["consumer"] ?? 0);
  if (consumer === undefined) throw new Error("Expected a consumer to run");
  const sent = performance.now();
  process.kill(consumer.pid, "SIGTERM");
  while (isRunning(consumer)) await wait(1);
  const tookMs = performance.now() - sent;
  await Promise.all(calls);
  return {
    name: `a consumer that is told to end with ${IN_FLIGHT} requests in flight, on Node, embedded`,
    tables: [{ title: "from SIGTERM to the exit, ms", lines: [{ name: `handlers of ${handlerMs} ms`, numbers: { ms: tookMs } }] }],
  };
};
