import { type Contract, partsOf } from "../../contract/contract.ts";
import type { Log } from "../../environment/log.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import type { PartitionProjector, ProjectedPartition, Projector } from "../aggregates/projector.ts";
import type { ConsumerObserver } from "../observe/observer.ts";
import { type CaughtUpTo, catchUp } from "./catch-up.ts";
import { type LinkTable, openLinkTable } from "./link-table.ts";
import type { Personal } from "../personal/start-personal.ts";
import type { AnyProjection } from "./projection.ts";
import { openRowTables, type RowTables } from "./row-table.ts";
import { createRowWriter } from "./row-writer.ts";
import { startSweeper } from "./row-sweeper.ts";
import type { ViewShipper } from "./shipper.ts";
import { createTurns, type Turns } from "./turns.ts";
import { createViewFold, type ViewFold, ViewError } from "./view-fold.ts";
import { openPartitionView, type PartitionView } from "./partition-view.ts";

type ViewProjectorOptions = {
  readonly contract: Contract;
  /** By the names of the views. */
  readonly projections: { readonly [view: string]: AnyProjection };
  readonly shipper: ViewShipper;
  /** Absent: no event has personal data. */
  readonly personal?: Pick<Personal, "data" | "personalEpoch"> | undefined;
  readonly log: Log;
  readonly observer: Pick<ConsumerObserver, "watch">;
  readonly time?: Time;
};

const PROGRESS_LOG_MS = 10_000;

/**
 * Makes the rows of the views of a contract, in the files of the partitions of their aggregates, and ships them to the edge.
 * @throws DefinitionError if a row's schema has no JSON Schema
 */
export const createViewProjector = ({
  contract,
  projections,
  shipper,
  personal,
  log,
  observer,
  time = systemTime,
}: ViewProjectorOptions): Projector => {
  const views = [...partsOf(contract).views].map(([name, { aggregate }]) => ({
    aggregate,
    fold: createViewFold({ name, aggregate, projection: projections[name] as AnyProjection, personal }),
  }));
  const open = new Set<PartitionView>();
  const turns = createTurns(time);
  observer.watch({ views: () => [...open].map((view) => view.progress()) });

  return {
    open(partition) {
      const folds = views.filter(({ aggregate }) => aggregate === partition.aggregate).map(({ fold }) => fold);
      return openPartition({ partition, folds, open, turns, shipper, log, time });
    },
  };
};

type PartitionOptions = Required<Pick<ViewProjectorOptions, "shipper" | "log" | "time">> & {
  readonly partition: ProjectedPartition;
  readonly folds: readonly ViewFold[];
  /** The views of all partitions that are open. */
  readonly open: Set<PartitionView>;
  readonly turns: Turns;
};

const openPartition = ({ partition, folds, open, turns, shipper, log, time }: PartitionOptions): PartitionProjector => {
  const { database, transact, topic, partition: number } = partition;
  const tables: RowTables = openRowTables(database);
  const links: LinkTable = openLinkTable(database);
  const ending = new AbortController();
  let liveNext = partition.next;
  let catchingUp = Promise.resolve();
  let reading = new AbortController();
  /** Rows of transactions that the writer has not told to have ended. */
  let written = 0;

  const views = transact(() => {
    const opened = folds.map((fold) =>
      openPartitionView({ fold, table: tables.open(fold.view, fold.version, fold.hash), partition, shipper, log, time }),
    );
    // Other rows are kept for a while, but not of somebody who was forgotten.
    const personal = new Set(folds.filter(({ isPersonal }) => isPersonal).map(({ view }) => view));
    tables.drop(tables.others(opened.map(({ table }) => table)).filter(({ view }) => personal.has(view)));
    return opened;
  });
  for (const view of views) open.add(view);

  /** Brings all views that are behind to where the states are. */
  const startCatchUp = (): void => {
    const behind = views.filter((view) => view.state !== "paused" && view.table.next() < liveNext);
    for (const view of views) if (view.state !== "paused") view.state = behind.includes(view) ? "catching-up" : "live";
    if (behind.length === 0) return;
    for (const { fold, table } of behind)
      log.info(
        { view: fold.view, version: fold.version, topic, partition: number, from: table.next(), to: liveNext },
        "the view catches up",
      );
    let loggedAt = time.elapsed();
    reading = new AbortController();
    catchingUp = catchUp({
      partition,
      views: behind,
      links,
      liveNext: () => liveNext,
      turns,
      onProgress({ next, end }) {
        for (const view of behind) view.end = end;
        if (time.elapsed() - loggedAt < PROGRESS_LOG_MS) return;
        loggedAt = time.elapsed();
        for (const { fold } of behind)
          log.info({ view: fold.view, version: fold.version, topic, partition: number, next, lag: Math.max(0, end - next) }, "catching up");
      },
      onJoined: (to) => joined(behind, to),
      log,
      time,
      signal: AbortSignal.any([ending.signal, reading.signal]),
    });
  };

  const joined = (behind: readonly PartitionView[], { next, end }: CaughtUpTo): void => {
    transact(() => links.reset());
    for (const view of behind) {
      if (view.state !== "catching-up") continue;
      view.state = "live";
      if (next >= end) view.caughtUp();
    }
    sweeper.wake();
  };

  const sweeper = startSweeper({ partition, tables, links, views, log, time });
  startCatchUp();

  return {
    fold(commits, next) {
      turns.commandsCame();
      for (const view of views) {
        if (view.state !== "live") continue;
        const writer = createRowWriter(view.fold, view.table);
        let to = next;
        for (const counted of commits) {
          try {
            writer.add(counted);
          } catch (error) {
            if (!(error instanceof ViewError)) throw error;
            to = counted.offset;
            view.failed(error);
            break;
          }
        }
        written += writer.end(to);
      }
      liveNext = next;
    },
    committed({ next, generation, isCaughtUp }) {
      partition.wrote(written);
      written = 0;
      liveNext = next;
      const isAnother = views.filter(({ table }) => ![generation, ""].includes(table.generation()));
      if (isAnother.length > 0) {
        log.warn({ topic, partition: number, generation }, "the events are others than before: views are made anew");
        reading.abort();
        transact(() => {
          links.reset();
          for (const view of views) view.reset(tables);
        });
        void catchingUp.then(() => !ending.signal.aborted && startCatchUp());
      }
      for (const view of views) {
        if (view.table.generation() !== generation) transact(() => view.table.setGeneration(generation));
        view.end = Math.max(view.end, next);
        if (view.state === "live" && isCaughtUp) view.caughtUp();
        view.changed();
      }
    },
    async close() {
      ending.abort();
      sweeper.close();
      for (const view of views) {
        open.delete(view);
        view.close();
      }
      await catchingUp;
    },
  };
};
