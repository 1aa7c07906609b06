import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";
import type { ProjectedPartition } from "../aggregates/projector.ts";
import type { ViewProgress } from "../observe/observer.ts";
import type { RowTable, RowTables } from "./row-table.ts";
import type { Shipment, ViewShipper } from "./shipper.ts";
import type { ViewFold } from "./view-fold.ts";

/** A view in one partition, at work. */
export type PartitionView = {
  readonly fold: ViewFold;
  readonly table: RowTable;
  /** `live`: it takes part in the writer's transactions. `paused`: an event gives no row, and another version of the program is needed. */
  state: ViewProgress["state"];
  /** Of the partition, as it is known. */
  end: number;
  /** An event cannot be folded. */
  failed(error: Error): void;
  /** The rows have all commits that there are. From the first time on they are shipped. */
  caughtUp(): void;
  /** Commits were folded. */
  changed(): void;
  /** Whether the rows have been caught up for so long, and are at the edge. */
  isSettledSince(milliseconds: number): boolean;
  /** Begins anew with a table that has no rows. Within a transaction. */
  reset(tables: RowTables): void;
  progress(): ViewProgress;
  close(): void;
};

type PartitionViewOptions = {
  readonly fold: ViewFold;
  readonly table: RowTable;
  readonly partition: Pick<ProjectedPartition, "topic" | "partition" | "partitions" | "transact" | "next">;
  readonly shipper: ViewShipper;
  readonly log: Log;
  readonly time: Time;
};

export const openPartitionView = ({ fold, table: opened, partition, shipper, log, time }: PartitionViewOptions): PartitionView => {
  const { view, version } = fold;
  const of = { view, version, topic: partition.topic, partition: partition.partition };
  let table = opened;
  let caughtUpAt = table.caughtUpAt();
  let shipment: Shipment | undefined;
  const ship = (): void => {
    shipment = shipper.ship(table, partition);
  };
  if (caughtUpAt !== undefined) ship();

  return {
    fold,
    get table() {
      return table;
    },
    state: "live",
    end: Math.max(table.next(), partition.next),
    failed(error) {
      this.state = "paused";
      log.error({ err: error, ...of }, "an event gives no row: the view stops here until a program that can fold it starts");
    },
    caughtUp() {
      if (caughtUpAt !== undefined) return;
      const now = time.now();
      partition.transact(() => table.setCaughtUp(now));
      caughtUpAt = now;
      if (table.next() > 0) log.info({ ...of, next: table.next() }, "the view has caught up");
      ship();
    },
    changed: () => shipment?.changed(),
    isSettledSince: (milliseconds) =>
      caughtUpAt !== undefined && time.now() - caughtUpAt >= milliseconds && (shipment?.shipped ?? -1) >= table.next(),
    reset(tables) {
      shipment?.close();
      shipment = undefined;
      caughtUpAt = undefined;
      table = tables.reset(table);
      this.state = "catching-up";
    },
    progress() {
      const next = table.next();
      return {
        view,
        version,
        partition: partition.partition,
        state: this.state,
        lag: Math.max(0, this.end - next),
        unshipped: Math.max(0, next - (shipment?.shipped ?? 0)),
      };
    },
    close: () => shipment?.close(),
  };
};
