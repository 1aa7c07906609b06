import { systemTime, type Time } from "../../environment/time.ts";
import { MAX_WAIT_SECONDS } from "../../protocol/limits.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { StoredStatus } from "../status-store.ts";

type WaitersOptions = {
  readonly maxWaiters?: number;
  readonly time?: Pick<Time, "setTimeout" | "clearTimeout">;
};

/** A client that goes away does not cancel its wait, so waits are bounded in number and in time. */
const MAX_WAITERS = 5_000;

/** What a call waits for: the end of the request, or any change. */
export type WaitedFor = "end" | "change";

type Waiter = { readonly waitedFor: WaitedFor; readonly settle: (status: StoredStatus | undefined) => void };

/** The calls that wait for a status. A mailbox keeps them in memory only. */
export const createWaiters = ({ maxWaiters = MAX_WAITERS, time = systemTime }: WaitersOptions = {}) => {
  const waiting = new Map<string, Set<Waiter>>();
  let count = 0;
  let isOver = false;

  const wait = (correlationId: string, waitMs: number, waitedFor: WaitedFor = "end") => {
    let settle: Waiter["settle"] = () => {};
    const ended = new Promise<StoredStatus | undefined>((resolve) => {
      const timer = time.setTimeout(() => waiter.settle(undefined), isOver ? 0 : Math.min(waitMs, MAX_WAIT_SECONDS * 1_000));
      settle = (status) => {
        time.clearTimeout(timer);
        remove(correlationId, waiter);
        resolve(status);
      };
    });
    const waiter: Waiter = { waitedFor, settle };
    const others = waiting.get(correlationId);
    if (others === undefined) waiting.set(correlationId, new Set([waiter]));
    else others.add(waiter);
    count++;
    return { ended, cancel: () => waiter.settle(undefined) };
  };

  const remove = (correlationId: string, waiter: Waiter): void => {
    const others = waiting.get(correlationId);
    if (others?.delete(waiter) !== true) return;
    count--;
    if (others.size === 0) waiting.delete(correlationId);
  };

  return {
    /** How many calls wait now. */
    get count(): number {
      return count;
    },
    /** Whether one more may wait. */
    get isFull(): boolean {
      return count >= maxWaiters;
    },
    /** Waits for the terminal status of a request, or for its next one. `ended` resolves to it, or to undefined when the wait is over or cancelled. */
    wait,
    /** Ends the waits that a new status of a request fulfils. */
    wake(correlationId: string, status: StoredStatus): void {
      const isEnd = isTerminal(status.state);
      for (const waiter of waiting.get(correlationId) ?? []) if (isEnd || waiter.waitedFor === "change") waiter.settle(status);
    },
    /** Ends all waits with nothing, also those that are yet to come. */
    end(): void {
      isOver = true;
      for (const waiters of [...waiting.values()]) for (const waiter of [...waiters]) waiter.settle(undefined);
    },
  };
};

export type Waiters = ReturnType<typeof createWaiters>;
