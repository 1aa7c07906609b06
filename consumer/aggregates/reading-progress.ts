import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";

/** Tells in the log how far the reading of a long partition is. */
export type ReadingProgress = { read(next: number, end: number, events: number): void; over(): void };

type ReadingProgressOptions = {
  readonly of: { readonly topic: string; readonly partition: number };
  /** The offset to begin at. */
  readonly from: number;
  readonly log: Pick<Log, "info">;
  readonly time: Time;
};

const PERIOD_MS = 3_000;

/** What is read within a few seconds is not told. */
export const createReadingProgress = ({ of, from, log, time }: ReadingProgressOptions): ReadingProgress => {
  const begunAt = time.elapsed();
  let toldAt = begunAt;
  let events = 0;
  let hasTold = false;
  const perSecond = (): number => Math.round((events * 1_000) / Math.max(1, time.elapsed() - begunAt));
  return {
    read(next, end, more) {
      events += more;
      if (time.elapsed() - toldAt < PERIOD_MS) return;
      toldAt = time.elapsed();
      hasTold = true;
      const percent = Math.floor((100 * (next - from)) / Math.max(1, end - from));
      log.info({ ...of, percent, eventsPerSecond: perSecond() }, `reading the events of ${of.topic}-${of.partition}: ${percent} %`);
    },
    over() {
      if (hasTold) log.info({ ...of, events, eventsPerSecond: perSecond() }, `read the events of ${of.topic}-${of.partition}`);
    },
  };
};
