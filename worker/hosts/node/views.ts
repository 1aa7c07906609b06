import { type Contract, partsOf } from "../../../contract/contract.ts";
import type { Log } from "../../../environment/log.ts";
import type { Time } from "../../../environment/time.ts";
import { createViewShard } from "../../views/view-shard.ts";
import type { ViewStore } from "../../views/view-store.ts";
import { createViewTables } from "../../views/view-tables.ts";
import { createKeyedWaiters } from "../../waiters.ts";
import { createAlarm } from "./alarm.ts";
import type { MailboxDatabase } from "./database.ts";

type NodeViewsOptions = {
  readonly storage: Pick<MailboxDatabase, "sql" | "transaction">;
  readonly log: Pick<Log, "error">;
  readonly time: Time;
};

/** How soon a view that an operator rebuilds is asked about: until then it cannot be read. */
const ASK_AGAIN_MS = 2_000;
/** As many as may wait for statuses. */
const MAX_WAITERS = 50_000;

export type NodeViews = {
  readonly store: ViewStore;
  /** How many calls wait now. */
  waiting(): number;
  /** Answers all who wait with what is known. */
  endWaits(): void;
  close(): Promise<void>;
};

/** The views of a contract in the file of the statuses; undefined if it has none. */
export const openViews = async (contract: Contract, { storage, log, time }: NodeViewsOptions): Promise<NodeViews | undefined> => {
  if (partsOf(contract).views.size === 0) return undefined;
  const logError = (message: string, error: unknown): void => log.error({ err: error }, message);
  const waiters = createKeyedWaiters<true, number>({ maxWaiters: MAX_WAITERS, time });
  let sweeping: Promise<void> = Promise.resolve();
  const alarm = createAlarm({ ring: () => (sweeping = shard.ring()), time });
  const shard = createViewShard({
    tables: createViewTables(storage.sql),
    waiters,
    transaction<T>(run: () => T): T {
      let result: { readonly value: T } | undefined;
      const written = storage.transaction(() => {
        result = { value: run() };
      });
      if (written instanceof Promise)
        written.catch((error: unknown) => logError("The rows of views could not be synced to the disk", error));
      return (result as unknown as { readonly value: T }).value;
    },
    alarm,
    askAgainMs: ASK_AGAIN_MS,
    now: time.now,
    logError,
  });
  // What fell due while no process ran; it sets the alarm if there is more.
  await shard.ring();
  return {
    store: shard,
    waiting: () => waiters.count,
    endWaits: waiters.end,
    async close(): Promise<void> {
      await sweeping;
      await alarm.clear();
    },
  };
};
