import type { Log } from "../environment/log.ts";
import type { Time } from "../environment/time.ts";

/** The Worker's clock, which sets the deadlines. Until the Worker has told its time, it is this machine's own. */
export type MailboxClock = {
  /** This machine's timers, with the Worker's clock. */
  readonly time: Time;
  /** The mailbox told its time, in milliseconds since 1970, in answer to what was sent at `sentAt` by this machine's clock. */
  welcomed(theirTime: number, sentAt: number): void;
  /**
   * The same for the header `Date` of an answer over HTTP, which has seconds and may be a proxy's: it counts until the mailbox has told its time, and
   * when a signature is refused.
   */
  dated(date: string | undefined, sentAt: number, refused?: "refused"): void;
};

/** A larger difference is worth a line in the log, and so is one that has changed by as much. */
const WORTH_A_LINE_MS = 2_000;
/** A clock that moves by more against the one that merely runs was set. */
const STEP_MS = 1_000;
/** What `Date` leaves open. */
const DATE_PRECISION_MS = 1_000;

export const createMailboxClock = ({ time, log }: { readonly time: Time; readonly log: Pick<Log, "warn"> }): MailboxClock => {
  /** What to add to our clock to get the Worker's, and how far from it the true difference may be. */
  let differenceMs = 0;
  let uncertainMs = Number.POSITIVE_INFINITY;
  let loggedMs = 0;
  let isWelcomed = false;
  let hasLearned = false;
  /** What to add to what has elapsed to get this machine's clock; when that changed last, by this clock, and by how much. */
  let offsetMs = time.now() - time.elapsed();
  let steppedAt = Number.NEGATIVE_INFINITY;
  let steppedByMs = 0;

  /** The difference lies between the two. */
  const learn = (lowMs: number, highMs: number): void => {
    const isContradicted = differenceMs < lowMs || differenceMs > highMs;
    if (!isContradicted && highMs - lowMs >= uncertainMs) return;
    uncertainMs = highMs - lowMs;
    hasLearned = true;
    // A clock that may be right is left alone.
    adopt(lowMs <= 0 && highMs >= 0 ? 0 : Math.round((lowMs + highMs) / 2));
  };

  const adopt = (newMs: number): void => {
    differenceMs = newMs;
    if (Math.abs(differenceMs - loggedMs) <= WORTH_A_LINE_MS) return;
    loggedMs = differenceMs;
    const differenceSeconds = Math.round(differenceMs / 1_000);
    log.warn({ differenceSeconds }, "the Worker's clock differs from this machine's: deadlines are compared with the Worker's");
  };

  /**
   * This machine's clock. If somebody has set it, the Worker's goes on as before, and the next that is heard of it is believed: the machine
   * may have slept as well.
   */
  const now = (): number => {
    const ownTime = time.now();
    const stepMs = Math.round(ownTime - time.elapsed() - offsetMs);
    if (Math.abs(stepMs) <= STEP_MS) return ownTime;
    offsetMs += stepMs;
    [steppedAt, steppedByMs] = [ownTime, stepMs];
    // Until the Worker has told its time, this clock is all there is.
    if (hasLearned) adopt(differenceMs - stepMs);
    uncertainMs = Number.POSITIVE_INFINITY;
    isWelcomed = false;
    return ownTime;
  };

  /** When something was sent, by the clock as it is now: what was sent before somebody set it has not been on its way for that much longer. */
  const sinceStep = (sentAt: number, ownTime: number): number => {
    if (sentAt >= steppedAt && sentAt <= ownTime) return sentAt;
    const possible = [sentAt, sentAt + steppedByMs].filter((at) => at <= ownTime);
    return possible.length === 0 ? ownTime : Math.max(...possible);
  };

  return {
    time: { ...time, now: () => now() + differenceMs },
    welcomed(theirTime, sentAt) {
      const ownTime = now();
      isWelcomed = true;
      learn(theirTime - ownTime, theirTime - sinceStep(sentAt, ownTime));
    },
    dated(date, sentAt, refused) {
      const theirTime = Date.parse(date ?? "");
      if (Number.isNaN(theirTime) || (isWelcomed && refused === undefined)) return;
      const ownTime = now();
      learn(theirTime - ownTime, theirTime + DATE_PRECISION_MS - sinceStep(sentAt, ownTime));
    },
  };
};
