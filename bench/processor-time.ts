import type { MeasuredCase } from "./cases.ts";
import { isLinux, readThreadTimes, usedBetween } from "./process-figures.ts";
import type { Line, Table } from "./result.ts";

/** Processes that take part in what is measured, by what they do in it. */
export type Processes = Readonly<Record<string, readonly number[]>>;

/** What each of them used in one round for all calls, from connecting until the last answer. */
export type ProcessorTime = { readonly elapsedMs: number; readonly usedNs: Readonly<Record<string, number>> };

/** Runs something, and reads what the processes use meanwhile; undefined where the system does not tell. */
export const withProcessorTime = async <Result>(processes: Processes | undefined, run: () => Promise<Result>) => {
  if (processes === undefined || !isLinux) return { result: await run(), processorTime: undefined };
  const readAll = () => Promise.all(Object.values(processes).map(readThreadTimes));
  const before = await readAll();
  const began = performance.now();
  const result = await run();
  const elapsedMs = performance.now() - began;
  const after = await readAll();
  const used = Object.keys(processes).map((name, index) => [name, usedBetween(before[index] ?? new Map(), after[index] ?? new Map())]);
  return { result, processorTime: { elapsedMs, usedNs: Object.fromEntries(used) as ProcessorTime["usedNs"] } };
};

/** All rounds of each case together, so that the parts are the sum. More `sum` than `wall` is more than one busy core. */
export const tableOfProcessorTime = (title: string, cases: readonly MeasuredCase[]): Table => {
  const lines = cases.flatMap(({ name, rounds, processorTimes }): Line[] => {
    const [first] = processorTimes;
    if (first === undefined) return [];
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
    const calls = total(rounds.map((round) => round.calls));
    const parts = Object.keys(first.usedNs).map((part) => {
      const usedNs = total(processorTimes.map((time) => time.usedNs[part] ?? 0));
      return [part, usedNs / 1_000 / calls] as const;
    });
    const sum = total(parts.map(([, us]) => us));
    const wall = (total(processorTimes.map(({ elapsedMs }) => elapsedMs)) * 1_000) / calls;
    return [{ name, numbers: { ...Object.fromEntries(parts), sum, wall, "busy cores": sum / wall } }];
  });
  return { title, lines };
};
