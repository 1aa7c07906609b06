import { isTerminal } from "../../protocol/states.ts";
import type { StoredStatus } from "../status-store.ts";
import { createKeyedWaiters, type WaitersOptions } from "../waiters.ts";

/** What a call waits for: the end of the request, or any change. */
export type WaitedFor = "end" | "change";

/** The calls that wait for a status, by correlation ID. */
export const createWaiters = (options?: WaitersOptions) => {
  const waiters = createKeyedWaiters<StoredStatus, WaitedFor>(options);
  return {
    ...waiters,
    /** How many calls wait now. */
    get count(): number {
      return waiters.count;
    },
    /** Waits for the terminal status of a request, or for its next one. `ended` resolves to it, or to undefined when the wait is over or cancelled. */
    wait: (correlationId: string, waitMs: number, waitedFor: WaitedFor = "end", name?: string) =>
      waiters.wait(correlationId, waitMs, waitedFor, name),
    /** Ends the waits that a new status of a request fulfils. */
    wake(correlationId: string, status: StoredStatus): void {
      const isEnd = isTerminal(status.state);
      waiters.wake(correlationId, status, (waitedFor) => isEnd || waitedFor === "change");
    },
  };
};

export type Waiters = ReturnType<typeof createWaiters>;
