import type { Plan } from "./plans.ts";

export type Burst = NonNullable<Plan["burst"]>;

export type BurstResult = {
  readonly isAllowed: boolean;
  /** Absent: whoever counts does not say. */
  readonly remaining?: number;
  /** In how many seconds there is more, at least. */
  readonly resetSeconds?: number;
};

/** Counts a request of a caller, unless it had as many as it may. Rejects if nobody can count. @param plan by its name */
export type TakeBurst = (plan: string, burst: Burst, caller: string) => BurstResult | Promise<BurstResult>;

/** What a caller takes beside its requests. */
const SIZE_OF_A_CALLER = 16;

type BurstWindowsOptions = {
  /** How many requests are remembered in all: eight bytes or so each. A caller takes as much as sixteen. */
  readonly maxRemembered?: number;
  /** A clock that is never set. */
  readonly nowMs?: () => number;
};

/** When the requests of a caller came, the oldest first. Those before `first` have left. */
type Window = { times: number[]; first: number };

/**
 * Counts requests in memory, over a window that slides: in no span of that length are more allowed than the burst says. Who has been away the
 * longest is forgotten first when there are too many callers.
 */
export const createBurstWindows = ({ maxRemembered = 1_000_000, nowMs = () => performance.now() }: BurstWindowsOptions = {}): TakeBurst => {
  /** In the order in which they came last. */
  const windows = new Map<string, Window>();
  let remembered = 0;

  const forgetFirst = (): void => {
    for (const [key, { times }] of windows) {
      windows.delete(key);
      remembered -= times.length;
      return;
    }
  };

  /** Forgets what has left the window. */
  const prune = (window: Window, since: number): void => {
    while (window.first < window.times.length && (window.times[window.first] as number) <= since) window.first++;
    // To move the rest costs no more than what has left did before.
    if (window.first * 2 < window.times.length) return;
    remembered -= window.first;
    window.times = window.times.slice(window.first);
    window.first = 0;
  };

  return (plan, { requests, seconds }, caller) => {
    const key = `${plan} ${caller}`;
    const now = nowMs();
    const window = windows.get(key) ?? { times: [], first: 0 };
    windows.delete(key);
    windows.set(key, window);
    prune(window, now - seconds * 1_000);
    const isAllowed = window.times.length - window.first < requests;
    if (isAllowed) {
      window.times.push(now);
      remembered++;
    }
    while (remembered + windows.size * SIZE_OF_A_CALLER > maxRemembered && windows.size > 1) forgetFirst();
    const oldest = window.times[window.first] as number;
    return {
      isAllowed,
      remaining: requests - (window.times.length - window.first),
      resetSeconds: Math.max(Math.ceil((oldest + seconds * 1_000 - now) / 1_000), 1),
    };
  };
};
