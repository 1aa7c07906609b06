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
/** What `Date` leaves open. */
const DATE_PRECISION_MS = 1_000;

export const createMailboxClock = ({ time, log }: { readonly time: Time; readonly log: Log }): MailboxClock => {
  /** What to add to our clock to get the Worker's, and how far from it the true difference may be. */
  let differenceMs = 0;
  let uncertainMs = Number.POSITIVE_INFINITY;
  let loggedMs = 0;
  let isWelcomed = false;

  /** The difference lies between the two. */
  const learn = (lowMs: number, highMs: number): void => {
    const isContradicted = differenceMs < lowMs || differenceMs > highMs;
    if (!isContradicted && highMs - lowMs >= uncertainMs) return;
    uncertainMs = highMs - lowMs;
    // A clock that may be right is left alone.
    differenceMs = lowMs <= 0 && highMs >= 0 ? 0 : Math.round((lowMs + highMs) / 2);
    if (Math.abs(differenceMs - loggedMs) <= WORTH_A_LINE_MS) return;
    loggedMs = differenceMs;
    const differenceSeconds = Math.round(differenceMs / 1_000);
    log.warn({ differenceSeconds }, "the Worker's clock differs from this machine's: deadlines are compared with the Worker's");
  };

  return {
    time: { ...time, now: () => time.now() + differenceMs },
    welcomed(theirTime, sentAt) {
      isWelcomed = true;
      learn(theirTime - time.now(), theirTime - sentAt);
    },
    dated(date, sentAt, refused) {
      const theirTime = Date.parse(date ?? "");
      if (Number.isNaN(theirTime) || (isWelcomed && refused === undefined)) return;
      learn(theirTime - time.now(), theirTime + DATE_PRECISION_MS - sentAt);
    },
  };
};
