import { pause, type Time } from "../../environment/time.ts";
import { nextTurn } from "../waiting.ts";

/** Lets what is slow go on in small slices, of which no two are at a time, so that commands of all partitions wait for one at most. */
export type Turns = {
  /** Commands count as coming in for a while from now on. */
  commandsCame(): void;
  /** Commands are coming in. */
  isBusy(): boolean;
  /**
   * Runs a slice once those before are over. While commands come in, as long a rest follows.
   * @returns what it returns. Rejects with what it throws
   */
  take<Result>(slice: () => Result, signal: AbortSignal): Promise<Result>;
};

const BUSY_MS = 1_000;

export const createTurns = (time: Time): Turns => {
  let cameAt = Number.NEGATIVE_INFINITY;
  let over = Promise.resolve();
  const isBusy = (): boolean => time.elapsed() - cameAt < BUSY_MS;

  const rest = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
    await nextTurn(time);
    if (isBusy()) await pause(time, milliseconds, signal);
  };

  return {
    commandsCame: () => void (cameAt = time.elapsed()),
    isBusy,
    async take(slice, signal) {
      const before = over;
      const { promise, resolve } = Promise.withResolvers<void>();
      over = promise;
      await before;
      const begun = time.elapsed();
      try {
        return slice();
      } finally {
        void rest(time.elapsed() - begun, signal).then(resolve);
      }
    },
  };
};
