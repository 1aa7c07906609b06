import { DurableObject } from "cloudflare:workers";
import { createLedger, type Entry, type EntryResult, type Ledger } from "../../limits/ledger.ts";
import type { StatusKey } from "../../status-store.ts";
import type { Bindings } from "./bindings.ts";
import { type ReportSettled, type SettledCall, settleTogether } from "./settled-calls.ts";

export type LedgerCall = { readonly what: "enter" | "take back"; readonly entry: Entry };

/** The Durable Object that counts the requests of some callers. */
export class LimitsObject extends DurableObject<Bindings> {
  readonly #ledger: Ledger;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    const { storage } = ctx;
    this.#ledger = createLedger({
      sql: storage.sql,
      transaction: (run) => storage.transactionSync(run),
      haveEnded: (keys) => haveEnded(env.MAILBOX, keys),
    });
  }

  /** See {@link Ledger}. */
  enterAll(entries: readonly Entry[]): Promise<EntryResult[]> {
    return this.#ledger.enterAll(entries);
  }

  /** Many calls as one, see {@link settleTogether}. */
  calls(
    calls: readonly LedgerCall[],
    report: ReportSettled<EntryResult | undefined>,
  ): Promise<readonly SettledCall<EntryResult | undefined>[]> {
    return settleTogether(
      calls.map(({ what, entry }) => (what === "enter" ? this.#ledger.enter(entry) : this.#ledger.takeBack(entry).then(() => undefined))),
      report,
    );
  }
}

/** One call for each shard. Of requests whose shard is away, nobody knows that they have ended. */
const haveEnded = async (namespace: Bindings["MAILBOX"], keys: readonly StatusKey[]): Promise<boolean[]> => {
  const ended = new Set<string>();
  const ask = async (shard: number, asked: readonly StatusKey[]): Promise<void> => {
    const answers = await namespace.get(namespace.idFromName(`shard-${shard}`)).ended(asked);
    for (const [index, { text }] of asked.entries()) if (answers[index] === true) ended.add(text);
  };
  const failed = (error: unknown): void => console.error("A mailbox did not say which requests have ended", error);
  await Promise.all([...Map.groupBy(keys, ({ shard }) => shard)].map(([shard, asked]) => ask(shard, asked).catch(failed)));
  return keys.map(({ text }) => ended.has(text));
};
