import type { MeasuredKafka } from "../kafka/broker.ts";
import { duringLifetime } from "../lifetime.ts";
import { measureLoad, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import type { BenchStack } from "../path/stack.ts";
import { createTargets } from "../path/targets.ts";
import { startWholeStack } from "../path/whole-stack.ts";
import { measureArithmetic } from "../steadiness.ts";
import { readThreadTimes, type ThreadTimes, usedBetween } from "./thread-times.ts";

/** Processes whose time is told as one. */
export type ProcessGroup = { readonly name: string; readonly pids: readonly number[] };

/** What was used under so many connections in one round. */
export type CpuRound = {
  readonly connections: number;
  /** All that were answered, from connecting until the last answer. */
  readonly requests: number;
  readonly elapsedMs: number;
  readonly p50Us: number;
  /** In nanoseconds, in the order of the groups. */
  readonly used: readonly { readonly name: string; readonly ns: number }[];
  readonly arithmeticMs: number;
};

export const CPU_CONNECTIONS = [1, 32, 128] as const;
const WARM_UP_CONNECTIONS = 32;

/** Measures request and reply on a cluster, and looks before and after at what each process has used of the processor. */
export const measureCpuTime = (kafka: MeasuredKafka, pace: Pace, say: (line: string) => void): Promise<CpuRound[]> =>
  duringLifetime(startWholeStack({ kafkaBrokers: kafka.brokers }), async (stack) => {
    const work = createTargets(stack)["request-reply"];
    const groups = groupProcesses(stack, kafka);
    await measureLoad(work, { connections: WARM_UP_CONNECTIONS, warmUpMs: 0, measureMs: pace.peerWarmUpMs });
    const measured: CpuRound[] = [];
    for (let round = 1; round <= pace.rounds; round++) {
      for (const connections of CPU_CONNECTIONS) {
        measured.push(await measureCpuRound(work, groups, connections, pace));
        say(`round ${round}/${pace.rounds}  processor time at ${connections}`);
      }
    }
    return measured;
  });

/** The path's own order. Of a cluster that somebody else started nothing is known. */
const groupProcesses = (stack: BenchStack, kafka: MeasuredKafka): ProcessGroup[] => {
  const pidsOf = (...names: readonly string[]) => stack.processes().flatMap(({ name, pid }) => (names.includes(name) ? [pid] : []));
  return [
    { name: "load generator", pids: [process.pid] },
    { name: "workerd", pids: pidsOf("workerd") },
    // It holds workerd, and has nothing to do with a request.
    { name: "Worker's process", pids: pidsOf("worker") },
    { name: "gateway", pids: pidsOf("gateway") },
    { name: "consumer", pids: pidsOf("consumer") },
    ...(kafka.pids.length === 0 ? [] : [{ name: "broker", pids: kafka.pids }]),
  ];
};

/** @param work what is measured; what it does before the measurement, such as closing what was open, does not count */
export const measureCpuRound = async (
  work: Target,
  groups: readonly ProcessGroup[],
  connections: number,
  { warmUpMs, measureMs }: Pick<Pace, "warmUpMs" | "measureMs">,
): Promise<CpuRound> => {
  await measureLoad(work, { connections, warmUpMs: 0, measureMs: warmUpMs });
  const arithmeticMs = measureArithmetic();
  let requests = 0;
  const before = await readAll(groups);
  const began = performance.now();
  const { p50Us } = await measureLoad(work, { connections, warmUpMs: 0, measureMs, onAnswer: () => void (requests += 1) });
  const elapsedMs = performance.now() - began;
  const after = await readAll(groups);
  const used = groups.map(({ name, pids }, group) => ({
    name,
    ns: pids.reduce((sum, _, index) => sum + usedBetween(timesAt(before, group, index), timesAt(after, group, index)), 0),
  }));
  return { connections, requests, elapsedMs, p50Us, used, arithmeticMs };
};

type AllTimes = readonly (readonly ThreadTimes[])[];

const readAll = (groups: readonly ProcessGroup[]): Promise<AllTimes> =>
  Promise.all(groups.map(({ pids }) => Promise.all(pids.map(readThreadTimes))));

const timesAt = (times: AllTimes, group: number, index: number): ThreadTimes => times[group]?.[index] ?? new Map();
