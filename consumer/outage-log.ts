import type { Log } from "../environment/log.ts";

/** Logs why something cannot be used: each reason once until the outage is over, and repeats of it at debug level. */
export type OutageLog = {
  warn(line: Line, message: string): void;
  debug(line: Line, message: string): void;
  /** It can be used again. */
  over(): void;
};

type Line = { readonly reason: string; readonly retryInMs?: number; readonly replies?: number; readonly shard?: number };

/** When the other side is away, several calls fail at once and over and over: the first line says what to do. */
export const createOutageLog = (log: Log, recovered: string): OutageLog => {
  const logged = new Set<string>();
  return {
    debug: (line, message) => log.debug(line, message),
    warn(line, message) {
      log[logged.has(line.reason) ? "debug" : "warn"](line, message);
      logged.add(line.reason);
    },
    over() {
      if (logged.size > 0) log.info(recovered);
      logged.clear();
    },
  };
};
