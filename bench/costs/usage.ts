import { setTimeout as wait } from "node:timers/promises";
import { ask, type Calls, connect, type LoadOptions, measureLoad, type Target, type Work } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type Stack, type StackLog, startStack } from "../processes.ts";
import { isLinux, readThreadTimes, usedBetween } from "../process-figures.ts";
import { createTargets, post, SUM } from "../requests.ts";
import type { Say } from "../result.ts";
import { COUNTED_WORKER } from "../workerd.ts";
import type { CountedUsage, Usage } from "./bill.ts";
import { type Counts, subtract } from "./counted/counts.ts";

const CONNECTIONS = [1, 32, 128] as const;
/** How many statuses are kept for a day, those of an operation that takes long, and in which time they are sent: none is answered sooner. */
const REPORTS = 32;
const REPORTS_MS = 500;
/** Until what is still under way has been counted, such as a commit. */
const SETTLE_MS = 500;

/** Runs the real Worker in a stack, and counts what it does for those who wait and those who poll, and until no status is kept any more. */
export const measureUsage = async (log: StackLog, pace: Pace, say: Say): Promise<CountedUsage> => {
  await using stack = await startStack(log, { workerProgram: COUNTED_WORKER });
  const sum = createTargets(stack)["request-reply"];
  const poll = createPollingCalls(post(stack.workerUrl, "/requests/sum", SUM, { status: 202 }));
  const empty = await readCounts(stack);
  await measureLoad(sum, { connections: 32, warmUpMs: 0, measureMs: pace.firstWarmUpMs });
  const usages: Usage[] = [];
  for (const [mode, work] of Object.entries({ wait: sum, poll }))
    for (const connections of CONNECTIONS) {
      say(`counting: ${mode} at ${connections}`);
      usages.push(await countUsage(stack, `${mode}, ${connections}`, work, { connections, warmUpMs: 0, measureMs: pace.usageMs }));
    }
  const hour = await countKeeping(stack, "for an hour", empty);
  const before = await readCounts(stack);
  await measureLoad(createReports(stack), { connections: REPORTS, warmUpMs: 0, measureMs: REPORTS_MS });
  return { usages, hour, day: await countKeeping(stack, "for a day", before) };
};

/** What the Worker of a stack does for a load, until all of that has been done. */
export const countUsage = async (stack: Stack, name: string, work: Target | Work | Calls, load: LoadOptions): Promise<Usage> => {
  const before = await readCounts(stack);
  await measureLoad(work, load);
  await wait(SETTLE_MS);
  return toUsage(name, subtract(await readCounts(stack), before));
};

const toUsage = (name: string, counts: Counts): Usage => ({ name, requests: counts["POST /requests"] ?? 0, counts });

const LINES = [{ date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 }];

/** Of another account each: those of one are handled one after another. */
const createReports = ({ workerUrl: origin }: Stack): Work => {
  let count = 0;
  const toReport = (account: string) => post(origin, "/requests/report", { account, lines: LINES }, { headers: { prefer: "wait=25" } });
  return { origin, next: () => [toReport(`bench-${count++}`)] };
};

/** Of the statuses that came since then; all are gone when it ends. The CPU is that of an hour within a moment, and means nothing. */
const countKeeping = async (stack: Stack, name: string, since: Counts): Promise<Usage> => {
  const before = await readCounts(stack);
  await ask(post(stack.workerUrl, "/counts", undefined));
  const { "workerd CPU ms": _, "object ms": __, ...counts } = subtract(await readCounts(stack), before);
  const { requests } = toUsage(name, subtract(before, since));
  return { name, requests, counts: Object.fromEntries(Object.entries(counts).filter(([what]) => !what.startsWith("call "))) };
};

const readCounts = async (stack: Stack): Promise<Counts> => {
  const target: Target = { origin: stack.workerUrl, method: "GET", path: "/counts", status: 200 };
  const cpuNs = isLinux ? usedBetween(new Map(), await readThreadTimes([stack.pids["workerd"] ?? 0])) : 0;
  return { ...(JSON.parse((await ask(target)).body) as Counts), "workerd CPU ms": cpuNs / 1_000_000 };
};

/** Sends a request that is accepted, and asks for its status after as long as the answers say, until it has succeeded. @throws Error if it fails */
export const createPollingCalls = (request: Target): Calls => ({
  async open() {
    const { origin } = request;
    const connection = connect(origin);
    const call = async (): Promise<void> => {
      let answer = await connection.ask(request);
      const { correlationId } = JSON.parse(answer.body) as { readonly correlationId: string };
      while (answer.status === 202) {
        await wait(Number(answer.headers["retry-after"]) * 1_000);
        answer = await connection.ask({ origin, method: "GET", path: `/status/${correlationId}`, status: [202, 200] });
      }
      if (!answer.body.includes('"state":"succeeded"')) throw new Error(`Expected the request to succeed, got ${answer.body}`);
    };
    return { call, [Symbol.asyncDispose]: connection[Symbol.asyncDispose] };
  },
});
