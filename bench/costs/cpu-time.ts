import { measureArithmetic, warmUp } from "../cases.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { measureLoad, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { startStack } from "../processes.ts";
import { readThreadTimes, usedBetween } from "../process-figures.ts";
import { createTargets } from "../requests.ts";
import { type Line, type Result, type Say, spreadOf } from "../result.ts";

/** What each process used in one round for all requests, from connecting until the last answer. */
export type CpuRound = {
  readonly connections: number;
  readonly requests: number;
  readonly elapsedMs: number;
  readonly usedNs: Readonly<Record<string, number>>;
  readonly arithmeticMs: number;
};

const CONNECTIONS = [1, 32, 128] as const;

/** Measures request and reply on a cluster, and what each process uses of the processor for it. `worker` is the process that only holds workerd. */
export const measureCpuTime = async (cluster: Cluster, pace: Pace, say: Say): Promise<Result> => {
  await using stack = await startStack({ kafkaBrokers: cluster.brokers });
  const work = createTargets(stack)["request-reply"];
  const own = Object.entries(stack.pids()).map(([name, pid]) => [name, [pid]]);
  const broker = cluster.pids.length === 0 ? [] : [["broker", cluster.pids]];
  const processes = Object.fromEntries([["load generator", [process.pid]], ...own, ...broker]) as PidsByProcess;
  await warmUp([{ name: "request-reply", work, connections: 32 }], pace.peerWarmUpMs);
  const rounds: CpuRound[] = [];
  for (let round = 1; round <= pace.rounds; round++) {
    for (const connections of CONNECTIONS) rounds.push(await measureCpuRound(work, processes, connections, pace));
    say(`round ${round}/${pace.rounds}  processor time`);
  }
  return {
    name: `processor time of a request and its reply, on ${cluster.name}`,
    tables: [{ title: "µs a request, by connections", lines: summarizeCpuTime(rounds) }],
    arithmeticMs: spreadOf(rounds.map(({ arithmeticMs }) => arithmeticMs)),
  };
};

type PidsByProcess = Readonly<Record<string, readonly number[]>>;

/** Warms up before, which does not count. */
export const measureCpuRound = async (
  work: Target,
  processes: PidsByProcess,
  connections: number,
  { warmUpMs, measureMs }: Pick<Pace, "warmUpMs" | "measureMs">,
): Promise<CpuRound> => {
  await measureLoad(work, { connections, warmUpMs: 0, measureMs: warmUpMs });
  const arithmeticMs = measureArithmetic();
  const readAll = () => Promise.all(Object.values(processes).map(readThreadTimes));
  let requests = 0;
  const before = await readAll();
  const began = performance.now();
  await measureLoad(work, { connections, warmUpMs: 0, measureMs, onAnswer: () => void (requests += 1) });
  const elapsedMs = performance.now() - began;
  const after = await readAll();
  const used = Object.keys(processes).map((name, index) => [name, usedBetween(before[index] ?? new Map(), after[index] ?? new Map())]);
  return { connections, requests, elapsedMs, usedNs: Object.fromEntries(used) as CpuRound["usedNs"], arithmeticMs };
};

/** All rounds of so many connections together, so that the parts are the sum. More `sum` than `wall` is more than one busy core. */
export const summarizeCpuTime = (rounds: readonly CpuRound[]): readonly Line[] =>
  CONNECTIONS.map((connections) => {
    const own = rounds.filter((round) => round.connections === connections);
    const total = (of: (round: CpuRound) => number): number => own.reduce((sum, round) => sum + of(round), 0);
    const requests = total((round) => round.requests);
    const names = Object.keys(own[0]?.usedNs ?? {});
    const parts = names.map((name) => [name, total(({ usedNs }) => usedNs[name] ?? 0) / 1_000 / requests] as const);
    const sum = parts.reduce((all, [, us]) => all + us, 0);
    const wall = (total(({ elapsedMs }) => elapsedMs) * 1_000) / requests;
    return { name: String(connections), numbers: { ...Object.fromEntries(parts), sum, wall, "busy cores": sum / wall } };
  });
