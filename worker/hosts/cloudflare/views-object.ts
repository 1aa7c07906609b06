import { DurableObject } from "cloudflare:workers";
import type { ViewAction } from "../../../protocol/view-api.ts";
import type { Caller } from "../../request-publisher.ts";
import { createViewShard, type ViewShard } from "../../views/view-shard.ts";
import type { FoundRow, ListQuery, RowQuery, TextBatch, Unreadable } from "../../views/view-store.ts";
import { createViewTables } from "../../views/view-tables.ts";
import { createKeyedWaiters } from "../../waiters.ts";
import { type ReportSettled, type SettledCall, settleTogether } from "./settled-calls.ts";

/** See {@link Caller}. */
type Waiting = Pick<Caller, "waitsAs">;
export type RowCall = { readonly query: RowQuery } & Waiting;

/** The Durable Object that keeps the rows of views of one shard. */
export class ViewsObject extends DurableObject {
  readonly #shard: ViewShard;
  readonly #waiters = createKeyedWaiters<true, number>();

  constructor(ctx: DurableObjectState, env: never) {
    super(ctx, env);
    const { storage } = ctx;
    this.#shard = createViewShard({
      tables: createViewTables(storage.sql),
      waiters: this.#waiters,
      transaction: (run) => storage.transactionSync(run),
      alarm: { get: () => storage.getAlarm(), set: (atMs) => storage.setAlarm(atMs), clear: () => storage.deleteAlarm() },
      now: Date.now,
      logError: (message, error) => console.error(message, error),
    });
  }

  // Objects and Workers are not deployed in one instant: each must understand the calls of the version before. See {@link ViewStore}.

  store(batch: TextBatch) {
    return this.#shard.store(batch);
  }

  /** Many reads as one call, see {@link settleTogether}. */
  reads(calls: readonly RowCall[], report: ReportSettled<FoundRow | Unreadable>): Promise<readonly SettledCall<FoundRow | Unreadable>[]> {
    return settleTogether(
      calls.map(({ query, waitsAs }) => this.#shard.read(query, { waitsAs })),
      report,
    );
  }

  list(query: ListQuery, { waitsAs }: Waiting) {
    return this.#shard.list(query, { waitsAs });
  }

  versions(views: readonly string[]) {
    return this.#shard.versions(views);
  }

  act(view: string, action: ViewAction) {
    return this.#shard.act(view, action);
  }

  /** How many calls wait now. */
  waiting(): number {
    return this.#waiters.count;
  }

  override alarm(): Promise<void> {
    return this.#shard.ring();
  }
}
