/** What the routes of views answer, as JSON. `GET /views/:view/:key` answers the row itself. */

/** A row of a list. `position` is that of the commit that changed it last: see `protocol/position.ts`. */
export type ListedRow = { readonly key: string; readonly position: string; readonly row: unknown };

/** The body of `GET /views/:view`: rows in the order of their keys, by code points. */
export type RowListBody = {
  readonly view: string;
  /** The version that is served. */
  readonly version: number;
  readonly rows: readonly ListedRow[];
  /** The `cursor` of the next page; absent on the last one. */
  readonly next?: string;
};

/** The body of 202: the edge does not have the commit yet that `?after=` names. Ask again after `Retry-After` seconds. */
export type ViewBehindBody = { readonly view: string; readonly after: string };

/** The data of the event `removed` of a stream: there is no row. `position` is that of the commit that removed it, if one did and it is known. */
export type RowRemovedData = { readonly position?: string };

/** How far the edge is in one partition of a version. */
export type ViewPartition = {
  readonly partition: number;
  /** The edge has all changes by commits before this offset. */
  readonly next: number;
  /** Whether it once had all that there was. */
  readonly isCaughtUp: boolean;
};

/** A version of a view as the edge has it. */
export type ViewVersion = {
  readonly version: number;
  /** Callers read the rows of this version. */
  readonly isServed: boolean;
  /** RFC 3339; absent unless it is served. */
  readonly servedSince?: string;
  /** Whether all partitions were caught up once: only then it is served. */
  readonly isReady: boolean;
  /** How many partitions the event topic has; 0 if no consumer has sent anything since the version was rebuilt. */
  readonly partitions: number;
  /** Those of which the edge has something, in order. */
  readonly progress: readonly ViewPartition[];
};

/** The body of `GET /views`, for operators. Views are those of the contract. */
export type ViewsBody = {
  readonly views: readonly {
    readonly view: string;
    /** The name of its aggregate. */
    readonly aggregate: string;
    /** The version in the Worker's contract. */
    readonly contractVersion: number;
    /** What the edge has, the newest first. */
    readonly versions: readonly ViewVersion[];
  }[];
};

/**
 * The body of `POST /views/:view`, for operators. `switch` serves that version from now on, which must be ready. `drop` deletes one that is not
 * served. `rebuild` forgets its rows, so that consumers send them again: until then it is not ready.
 */
export type ViewAction = { readonly action: "switch" | "drop" | "rebuild"; readonly version: number };

/** What `POST /views/:view` answers: the versions that there are now. */
export type ViewActionBody = { readonly view: string; readonly versions: readonly ViewVersion[] };
