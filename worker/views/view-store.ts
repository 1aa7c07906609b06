import type { ViewAction, ViewVersion } from "../../protocol/view-api.ts";
import type { RowChange, ViewBatch, ViewBatchResult } from "../../protocol/view-batch.ts";
import type { Caller } from "../request-publisher.ts";

/** A batch whose rows are JSON text; null if they were removed. */
export type TextBatch = Omit<ViewBatch, "rows"> & {
  readonly rows: readonly (Omit<RowChange, "row"> & { readonly text: string | null })[];
};

/** A place in the events of a view's aggregate: a position without the aggregate's name. */
export type ViewPosition = { readonly partition: number; readonly offset: number; readonly generation: string };

/** What a reader knows of a row: the version of the view, and the commit that changed it last. */
export type KnownRow = ViewPosition & { readonly version: number };

/** Asks for a row of the version that is served. */
export type RowQuery = {
  readonly view: string;
  readonly key: string;
  /** Waits until the edge has the commit there. */
  readonly after?: ViewPosition | undefined;
  /** Else waits for a row that is none of these; if there are none, until there is a row. */
  readonly known: readonly KnownRow[];
  /** The reader knows that there has never been a row. */
  readonly knowsNone?: boolean | undefined;
  /** At most 25 s. */
  readonly waitMs: number;
};

/** Why a view cannot be read. */
export type Unreadable =
  /** No version was caught up yet. */
  | { readonly outcome: "not-ready" }
  /** The edge does not have the commit yet. */
  | { readonly outcome: "behind" }
  /** The commit was in a log that is gone. */
  | { readonly outcome: "gone" }
  /** There is no such partition. */
  | { readonly outcome: "no-partition"; readonly partitions: number }
  /** The caller, or all callers, wait for too much. */
  | { readonly outcome: "overloaded" };

/** A row as it is. */
export type FoundRow = {
  readonly outcome: "found";
  readonly version: number;
  /** Of the commit that changed the row last; absent if there has never been a row, or it left long ago. */
  readonly position?: ViewPosition;
  /** JSON text; null: there is none. */
  readonly row: string | null;
  /** The last offset of its partition that the edge has, where that is known. */
  readonly reached?: number;
};

export type ListedViewRow = { readonly key: string; readonly position: ViewPosition; readonly row: string };

/** Asks for rows in the order of their keys. */
export type ListQuery = {
  readonly view: string;
  readonly prefix: string;
  /** The key of the last row of the page before; empty: from the first. */
  readonly behind: string;
  /** A page has fewer rows than that where they are large. */
  readonly limit: number;
  readonly after?: ViewPosition | undefined;
  readonly waitMs: number;
};

export type FoundRows = {
  readonly outcome: "found";
  readonly version: number;
  readonly rows: readonly ListedViewRow[];
  readonly hasMore: boolean;
};

/** `unknown`: there is no such version; `in-use`: it is served; `not-ready`: it cannot be served. */
export type ActionResult = "done" | "unknown" | "in-use" | "not-ready";

/** Keeps the rows of views, on any host. Everything rejects if it cannot be reached. */
export type ViewStore = {
  /** Stores a batch whole, and wakes whoever waits for it; repeats are harmless. */
  store(batch: TextBatch): Promise<ViewBatchResult>;
  read(query: RowQuery, caller?: Caller): Promise<FoundRow | Unreadable>;
  list(query: ListQuery, caller?: Caller): Promise<FoundRows | Unreadable>;
  /** The versions of these views, the newest first. */
  versions(views: readonly string[]): Promise<readonly (readonly ViewVersion[])[]>;
  act(view: string, action: ViewAction): Promise<ActionResult>;
};
