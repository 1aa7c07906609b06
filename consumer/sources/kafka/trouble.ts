import type { Log } from "../../../environment/log.ts";

/** Tells of what keeps the cluster from being used, by each reason once until it is over; again only to those who debug. */
export type Trouble = {
  warn(line: Told, message: string): void;
  debug(line: Told, message: string): void;
  /** The cluster can be used again. */
  over(): void;
};

type Told = { readonly reason: string; readonly retryInMs?: number };

/** Several things fail at once when a cluster is away, over and over: the first one says what to do. */
export const createTrouble = (log: Log): Trouble => {
  const told = new Set<string>();
  return {
    debug: (line, message) => log.debug(line, message),
    warn(line, message) {
      log[told.has(line.reason) ? "debug" : "warn"](line, message);
      told.add(line.reason);
    },
    over() {
      if (told.size > 0) log.info("Kafka can be used again");
      told.clear();
    },
  };
};
