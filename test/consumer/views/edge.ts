import type { PostRows, RowsToShip } from "../../../consumer/views/shipper.ts";
import { encodeRows } from "../../../consumer/views/post-views.ts";
import type { RowChange, ViewBatch, ViewBatchResult } from "../../../protocol/view-batch.ts";
import type { KeptRow } from "./stage.ts";

/** What goes wrong with a batch. `lost`: it does not arrive. `unheard`: its answer does not. `again`: it arrives once more, after the next one. */
export type EdgeFault = "lost" | "unheard" | "again" | "forgets" | "unknown" | "too-large" | undefined;

/** The edge of one partition of a view, as `protocol/view-batch.ts` says that one is. */
export type Edge = {
  readonly post: PostRows;
  readonly batches: readonly ViewBatch[];
  /** What becomes of the batches from now on. */
  fault: () => EdgeFault;
  rows(): readonly KeptRow[];
  /** It may tell readers that it has all commits before this offset. */
  readonly next: number;
  /** It loses all. */
  forget(): void;
  /** How soon it wants to be asked again. */
  askAgainMs: number | undefined;
  /** Called after each batch that is stored. */
  onStored: () => void;
};

export const createEdge = (): Edge => {
  const rows = new Map<string, RowChange>();
  const batches: ViewBatch[] = [];
  let late: ViewBatch[] = [];
  let losses = 0;
  let known: { generation: string; fold: string; next: number; reached: number } | undefined;

  const told = (): ViewBatchResult => ({
    outcome: "stored",
    versions: String(losses),
    ...(edge.askAgainMs !== undefined && { askAgainMs: edge.askAgainMs }),
  });

  const store = (batch: ViewBatch): ViewBatchResult => {
    const { generation, fold, from, to, isCaughtUp } = batch;
    const isOther = known === undefined || known.generation !== generation || known.fold !== fold;
    if (isOther && from > 0) return { outcome: "behind", next: 0 };
    if (isOther) {
      rows.clear();
      known = { generation, fold, next: 0, reached: -1 };
    }
    if (known === undefined) throw new Error("Expected something known.");
    if (from > known.next) return { outcome: "behind", next: known.next };
    // It is of somebody who knows less.
    if (to < known.next) return told();
    for (const row of batch.rows) if ((rows.get(row.key)?.offset ?? -1) < row.offset) rows.set(row.key, row);
    known = { ...known, next: to, reached: isCaughtUp ? to : known.reached };
    edge.onStored();
    return told();
  };

  const forget = (): void => {
    rows.clear();
    losses += 1;
    known = undefined;
  };

  const edge: Edge = {
    batches,
    fault: () => undefined,
    askAgainMs: undefined,
    onStored: () => {},
    forget,
    async post(given: RowsToShip) {
      await new Promise((resolve) => setImmediate(resolve));
      // As it is on the wire.
      const batch = JSON.parse(encodeRows(given)) as ViewBatch;
      const fault = edge.fault();
      if (fault === "lost") return { outcome: "unavailable", reason: "nobody is there" };
      if (fault === "unknown") return { outcome: "unknown" };
      if (fault === "too-large") return { outcome: "too-large" };
      if (fault === "forgets") forget();
      batches.push(batch);
      const result = store(batch);
      const again = late;
      late = fault === "again" ? [batch] : [];
      for (const one of again) store(one);
      return fault === "unheard" ? { outcome: "unavailable", reason: "no answer" } : result;
    },
    rows: () =>
      [...rows.values()]
        .map(({ key, offset, row }) => ({ key, offset, row }))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
    get next() {
      return Math.max(0, known?.reached ?? 0);
    },
  };
  return edge;
};
