import type { Clock } from "../clock.ts";
import type { Waiting } from "../engine.ts";
import type { Partition } from "./partition.ts";

/** A call's waiting for records: it is woken any number of times, and is over at its timeout, abort, or `end()`. */
export type Wait = {
  isOver(): boolean;
  /** Resolves at the next wake-up: an append to one of the partitions, `wake()`, or the end. */
  wokenBy(partitions: Iterable<Partition>): Promise<void>;
  wake(): void;
  end(): void;
};

export const createWait = ({ timeoutMs, signal }: Pick<Waiting, "timeoutMs" | "signal">, clock: Clock): Wait => {
  let over = signal.aborted || timeoutMs === 0;
  let wake = (): void => {};
  let timer: unknown;
  const end = (): void => {
    if (over) return;
    over = true;
    clock.clearTimeout(timer);
    signal.removeEventListener("abort", end);
    wake();
  };
  if (!over) {
    timer = clock.setTimeout(end, timeoutMs);
    signal.addEventListener("abort", end);
  }
  return {
    isOver: () => over,
    async wokenBy(partitions) {
      if (over) return;
      const watched = [...partitions];
      await new Promise<void>((resolve) => {
        wake = resolve;
        for (const { watchers } of watched) watchers.add(resolve);
      }).finally(() => {
        for (const { watchers } of watched) watchers.delete(wake);
      });
    },
    wake: () => wake(),
    end,
  };
};
