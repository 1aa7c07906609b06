import type { Log } from "../../environment/log.ts";
import { pino } from "pino";

/** A log whose lines a test can look at. */
export type RecordedLog = Log & { readonly lines: readonly Readonly<Record<string, unknown>>[] };

/** pino itself, into an array. */
export const createRecordedLog = (): RecordedLog => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = pino({ level: "debug", base: null, timestamp: false, formatters: { level: (level) => ({ level }) } }, { write });
  return Object.assign(log, { lines });
};
