import type { Log } from "../../environment/log.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { MAX_BATCH_ROWS, type ViewBatch, type ViewBatchResult } from "../../protocol/view-batch.ts";
import { createBackoff } from "../backoff.ts";
import { createOutageLog } from "../outage-log.ts";
import { createEdgeWatch } from "./edge-watch.ts";
import type { RowPlace, RowTable, StoredRow } from "./row-table.ts";

/** A batch before it is JSON: rows are stored as text, and go on as text. */
export type RowsToShip = Omit<ViewBatch, "rows"> & { readonly rows: readonly StoredRow[] };

/** What came of a batch. `unavailable`: it may be stored or not. `too-large`: fewer rows would do. Never rejects. */
export type PostRows = (
  batch: RowsToShip,
) => Promise<ViewBatchResult | { readonly outcome: "unavailable"; readonly reason: string } | { readonly outcome: "too-large" }>;

/** Rows that go to the edge as soon as they change. */
export type Shipment = {
  /** The rows may have changed, or have more commits. */
  changed(): void;
  /** The edge has what the rows had before this offset; undefined as long as it has not said so. */
  readonly shipped: number | undefined;
  close(): void;
};

/** Ships rows to the edge. */
export type ViewShipper = {
  /** Begins at once. @param table which has been caught up once */
  ship(table: RowTable, of: { readonly partition: number; readonly partitions: number }): Shipment;
};

type ViewShipperOptions = {
  readonly post: PostRows;
  readonly log: Log;
  readonly time?: Time;
  readonly random?: () => number;
};

/** About how large a batch gets, in characters of its rows. One row may have as many, so a batch has at most twice that. */
const BATCH_CHARACTERS = 1024 * 1024;
/** How soon the edge is told of commits that changed no row. */
const WATERMARK_MS = 50;
/** How often an edge that has all is asked of each partition whether it still does. Of one it is asked sooner if it says so. */
const ASK_AGAIN_MS = 60_000;
const AWAY = { firstMs: 100, mostMs: 10_000 };
const UNKNOWN = { firstMs: 1_000, mostMs: 60_000 };

/** The tables are the queue: what is on its way, and how far the edge is, is all that is remembered, and the edge knows the latter itself. */
export const createViewShipper = ({ post, log, time = systemTime, random = Math.random }: ViewShipperOptions): ViewShipper => {
  const outages = createOutageLog(log, "rows of views reach the Worker again");
  const watch = createEdgeWatch(time);

  return {
    ship(table, { partition, partitions }) {
      const { view, version, fold } = table;
      const away = createBackoff({ ...AWAY, random });
      const unknown = createBackoff({ ...UNKNOWN, random });
      /** What the edge has, as far as it is known, and the last row that it got if more follow than one batch takes. */
      let next: number | undefined;
      let place: RowPlace | undefined;
      let maxRows = MAX_BATCH_ROWS;
      let isUnderWay = false;
      let isClosed = false;
      let isUnknown = false;
      /** It was behind, and nothing was stored since. */
      let wasBehind = false;
      /** When the first commit came that the edge was not told of. */
      let advancedAt: number | undefined;
      let timer: unknown;

      const after = (milliseconds: number, run: () => void): void => {
        time.clearTimeout(timer);
        timer = isClosed ? undefined : time.setTimeout(run, milliseconds);
      };

      const batchOf = (from: number, to: number, isCaughtUp: boolean, rows: readonly StoredRow[]): RowsToShip => ({
        view,
        version,
        partition,
        partitions,
        generation: table.generation(),
        fold,
        from,
        to,
        isCaughtUp,
        rows,
      });

      /** What the edge lacks, or as much as one batch takes. It is all read now, so it fits together. */
      const fill = (from: number): RowsToShip => {
        const rows: StoredRow[] = [];
        let characters = 0;
        for (const row of table.changedAfter(place ?? { offset: from })) {
          // Rows that changed before this one, and again later, come later. Until then the edge may not tell of commits up to here.
          if (rows.length >= maxRows || characters >= BATCH_CHARACTERS) return batchOf(from, row.offset, false, rows);
          rows.push(row);
          characters += row.key.length + (row.text?.length ?? 4);
        }
        return batchOf(from, table.next(), true, rows);
      };

      const look = (): void => {
        if (isUnderWay || isClosed) return;
        try {
          sendNext();
        } catch (error) {
          const retryInMs = Math.round(away.nextMs());
          outages.warn({ reason: (error as Error).message, retryInMs }, `the rows of view ${view} cannot be read now`);
          after(retryInMs, look);
        }
      };

      const sendNext = (): void => {
        const end = table.next();
        // An edge that lost its rows says so.
        if (next === undefined) return void send(batchOf(end, end, true, []));
        if (next >= end && place === undefined) return after(ASK_AGAIN_MS, askAgain);
        const batch = fill(next);
        const early = batch.rows.length === 0 ? (advancedAt ??= time.elapsed()) + WATERMARK_MS - time.elapsed() : 0;
        if (early > 0) after(early, look);
        else void send(batch);
      };

      const askAgain = (): boolean => {
        if (isUnderWay || isClosed || next === undefined || place !== undefined) return false;
        next = undefined;
        look();
        return true;
      };

      const send = async (batch: RowsToShip): Promise<void> => {
        isUnderWay = true;
        advancedAt = undefined;
        time.clearTimeout(timer);
        const result = await post(batch);
        isUnderWay = false;
        if (isClosed) return;
        const waitMs = answered(batch, result);
        if (waitMs === 0) look();
        else {
          // Until then nothing wakes it: the rows are in the table.
          isUnderWay = true;
          after(waitMs, () => {
            isUnderWay = false;
            look();
          });
        }
      };

      /** @returns how long to wait before the next batch */
      const answered = (batch: RowsToShip, result: Awaited<ReturnType<PostRows>>): number => {
        const { outcome } = result;
        if (outcome === "unavailable") {
          const retryInMs = Math.round(away.nextMs());
          outages.warn({ reason: result.reason, retryInMs }, "rows of views cannot reach the Worker now: they are kept, and follow");
          return retryInMs;
        }
        if (outcome === "too-large") {
          maxRows = Math.max(1, Math.floor(Math.min(maxRows, batch.rows.length) / 2));
          return batch.rows.length > 1
            ? 0
            : answered(batch, { outcome: "unavailable", reason: `a row of view ${view} is too large for it` });
        }
        outages.over();
        if (outcome === "unknown") {
          next = place = undefined;
          if (!isUnknown)
            log.warn(
              { view, version, partition },
              "the Worker does not have this version of the view: deploy it; its rows are kept, and follow",
            );
          isUnknown = true;
          return Math.round(unknown.nextMs());
        }
        if (isUnknown) log.info({ view, version, partition }, "the Worker has this version of the view now");
        isUnknown = false;
        unknown.reset();
        if (outcome === "behind") {
          const isWrong = result.next >= batch.from;
          next = isWrong ? undefined : result.next;
          place = undefined;
          // The first time it has lost what it had. An edge that does so again and again must not keep everybody busy.
          const waitMs = wasBehind || isWrong ? Math.round(away.nextMs()) : 0;
          wasBehind = true;
          return waitMs;
        }
        away.reset();
        wasBehind = false;
        next = batch.to;
        if (batch.isCaughtUp) maxRows = MAX_BATCH_ROWS;
        const last = batch.rows.at(-1);
        place = batch.isCaughtUp || last === undefined ? undefined : { offset: last.offset, key: last.key };
        watch.heard(result, askAgain);
        return 0;
      };

      // After whoever waits for what was committed.
      const soon = (): void => {
        if (!isUnderWay && !isClosed) time.setImmediate(look);
      };
      soon();
      const endWatch = watch.add(askAgain);
      return {
        changed: soon,
        get shipped() {
          return next;
        },
        close() {
          isClosed = true;
          endWatch();
          time.clearTimeout(timer);
        },
      };
    },
  };
};
