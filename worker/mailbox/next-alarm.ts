import { SWEEP_MS } from "./sweep.ts";

/** The one alarm that a host has, set or not. */
export type Alarm = { get(): Promise<number | null>; set(atMs: number): Promise<void>; clear(): Promise<void> };

type NextAlarmOptions = {
  readonly alarm: Alarm;
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/** One alarm for all that a mailbox does later: it rings for what is due first. */
export const createNextAlarm = ({ alarm, now, logError }: NextAlarmOptions) => {
  /** When it rings, as far as memory knows. */
  let at = Number.POSITIVE_INFINITY;
  /** When the next sweep is due; memory that was lost does not know. */
  let sweepAt = 0;

  return {
    /** Has the alarm ring by then. Never rejects: what is written is written, and the next write tries again. */
    async by(time: number): Promise<void> {
      if (at <= time) return;
      at = time;
      try {
        const known = await alarm.get();
        // Another call may have asked for an earlier time meanwhile.
        if (at < time) return;
        if (known === null || known > time) await alarm.set(time);
        else at = known;
      } catch (error) {
        at = Number.POSITIVE_INFINITY;
        logError("The alarm could not be set and will be set by a later write", error);
      }
    },

    /** Whether the alarm that rings now was set for the sweep, as far as memory knows. */
    isSweepDue: (): boolean => at >= sweepAt || now() >= sweepAt,

    /** The alarm has rung: sets the one for the next sweep, first of all, so that there is one even if this round fails. */
    async rang(): Promise<void> {
      await alarm.set(sweepAt);
      at = sweepAt;
    },

    /** Sets the alarm for the next sweep. */
    async sweepIn(ms: number = SWEEP_MS): Promise<void> {
      sweepAt = now() + ms;
      await alarm.set(sweepAt);
      at = sweepAt;
    },

    /** Nothing is to be done later. */
    async clear(): Promise<void> {
      at = Number.POSITIVE_INFINITY;
      sweepAt = 0;
      await alarm.clear();
    },
  };
};
