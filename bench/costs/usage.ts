import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "undici";
import { duringLifetime } from "../lifetime.ts";
import { exchange, measureLoad, type Calls, type Target, type Work } from "../load.ts";
import type { Pace } from "../pace.ts";
import type { BenchStack, StackLog } from "../path/stack.ts";
import { createTargets } from "../path/targets.ts";
import { startWholeStack } from "../path/whole-stack.ts";
import { createAcceptAndPoll } from "./accept-and-poll.ts";
import { subtractCounts } from "./count-difference.ts";
import type { Counts } from "./counted/counts.ts";
import { knowsThreadTimes, readThreadTimes, type ThreadTimes, usedBetween } from "./thread-times.ts";

/** `wait`: one POST that waits for the reply. `poll`: a POST that does not, and asking for the status after as long as it says. */
export const MODES = ["wait", "poll"] as const;

/** What requests and their replies made the Worker and its objects do. */
export type Usage = {
  readonly mode: (typeof MODES)[number];
  readonly connections: number;
  readonly requests: number;
  readonly counts: Counts;
  /** Of workerd on this machine; undefined where the system does not tell. */
  readonly workerdCpuMs: number | undefined;
};

/** What keeping statuses made the objects do, until the last one was gone. */
export type Keeping = {
  readonly retention: "an hour" | "a day";
  /** As long as a mailbox keeps them; then KV does. */
  readonly mailboxHours: number;
  /** That passed for it. */
  readonly minutes: number;
  readonly statuses: number;
  readonly counts: Counts;
  /** That the database grew by for all of them. */
  readonly databaseBytes: number;
};

export type UsageResult = { readonly usages: readonly Usage[]; readonly keepings: readonly Keeping[] };

export const USAGE_CONNECTIONS = [1, 32, 128] as const;
/** Of what is kept for a day, whose handler takes long. */
const REPORTS = 32;
/** In which all of them are sent; none is answered sooner. */
const REPORTS_MS = 500;
const WARM_UP_CONNECTIONS = 32;
/** As its default is. */
const MAILBOX_HOURS = 1;
/** Past an hour, and past what a mailbox keeps of a status after KV has it. */
const MINUTES_OF_AN_HOUR = 61;
const MINUTES_UNTIL_ARCHIVED = 70;
/** Until what is still under way has been counted, such as a commit. */
const SETTLE_MS = 500;

const COUNTED_WORKER = fileURLToPath(new URL("counted-worker.ts", import.meta.url));

/** Runs the real Worker in a stack, and counts. */
export const measureUsage = (log: StackLog, pace: Pace, say: (line: string) => void): Promise<UsageResult> =>
  duringLifetime(startWholeStack(log, { workerProgram: { file: COUNTED_WORKER, args: [] } }), async (stack) => {
    const sum = createTargets(stack)["request-reply"];
    const empty = await readCounts(stack);
    await measureLoad(sum, { connections: WARM_UP_CONNECTIONS, warmUpMs: 0, measureMs: pace.firstWarmUpMs });
    const work = { wait: sum, poll: createAcceptAndPoll({ ...sum, headers: JSON_HEADERS, status: 202 }) };
    const usages: Usage[] = [];
    for (const mode of MODES) {
      for (const connections of USAGE_CONNECTIONS) {
        say(`counting: ${mode} at ${connections}`);
        usages.push({ mode, connections, ...(await countUsage(stack, work[mode], connections, pace.usageMs)) });
      }
    }
    const hour = await countKeeping(stack, "an hour", empty, MINUTES_OF_AN_HOUR);
    const before = await readCounts(stack);
    await measureLoad(createReports(stack), { connections: REPORTS, warmUpMs: 0, measureMs: REPORTS_MS });
    return { usages, keepings: [hour, await countKeeping(stack, "a day", before, MINUTES_UNTIL_ARCHIVED)] };
  });

const JSON_HEADERS = { "content-type": "application/json" };

/** Of another account each: those of one are handled one after another. */
const createReports = ({ workerUrl: origin }: BenchStack): Work => {
  let account = 0;
  const next = (): Target => ({
    origin,
    method: "POST",
    path: "/requests/report",
    headers: { ...JSON_HEADERS, prefer: "wait=25" },
    body: JSON.stringify({
      account: `bench-${account++}`,
      lines: [{ date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 }],
    }),
    status: 200,
  });
  return { origin, next: () => [next()] };
};

const countUsage = async (stack: BenchStack, work: Target | Calls, connections: number, measureMs: number) => {
  const [countsBefore, cpuBefore] = [await readCounts(stack), await readWorkerd(stack)];
  await measureLoad(work, { connections, warmUpMs: 0, measureMs });
  await wait(SETTLE_MS);
  const [cpuAfter, countsAfter] = [await readWorkerd(stack), await readCounts(stack)];
  const counts = subtractCounts(countsAfter.counts, countsBefore.counts);
  const requests = counts.workerRequests["POST /requests"] ?? 0;
  const isKnown = cpuBefore !== undefined && cpuAfter !== undefined;
  return { requests, counts, workerdCpuMs: isKnown ? usedBetween(cpuBefore, cpuAfter) / 1_000_000 : undefined };
};

/** Of the statuses that came since then; all are gone when it ends. */
const countKeeping = async (stack: BenchStack, retention: Keeping["retention"], since: CountsNow, minutes: number): Promise<Keeping> => {
  const before = await readCounts(stack);
  const after = await readCounts(stack, { minutes });
  return {
    retention,
    mailboxHours: MAILBOX_HOURS,
    minutes,
    statuses: subtractCounts(before.counts, since.counts).workerRequests["POST /requests"] ?? 0,
    counts: subtractCounts(after.counts, before.counts),
    databaseBytes: before.databaseBytes - since.databaseBytes,
  };
};

type CountsNow = { readonly counts: Counts; readonly databaseBytes: number };

/** @param minutes that are to pass before */
const readCounts = async ({ workerUrl: origin }: BenchStack, { minutes }: { readonly minutes?: number } = {}): Promise<CountsNow> => {
  const client = new Client(origin);
  try {
    const way =
      minutes === undefined
        ? ({ method: "GET", path: "/counts" } as const)
        : ({ method: "POST", path: `/counts?minutes=${minutes}` } as const);
    const { body } = await exchange(client, { origin, ...way, status: 200 }, { keepBody: true });
    const { databaseBytes, ...counts } = JSON.parse(body) as Counts & { readonly databaseBytes: number };
    return { counts, databaseBytes };
  } finally {
    await client.destroy();
  }
};

const readWorkerd = async (stack: BenchStack): Promise<ThreadTimes | undefined> => {
  const pid = stack.processes().find(({ name }) => name === "workerd")?.pid;
  return knowsThreadTimes && pid !== undefined ? readThreadTimes(pid) : undefined;
};
