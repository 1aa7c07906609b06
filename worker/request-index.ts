import type { State } from "../protocol/states.ts";
import type { StatusKey } from "./status-store.ts";

/** A request as a list shows it. */
export type ListedRequest = { readonly key: StatusKey; readonly operation: string; readonly state: State };

/** Where a request is in a list, which has the newest first. */
export type ListPosition = Pick<StatusKey, "createdAt" | "text">;

export type ListQuery = {
  /** The tags of the one whose requests are listed, see `Principal`. */
  readonly owners: readonly string[];
  /** Absent: of any. */
  readonly operation?: string | undefined;
  /** Absent: in any. */
  readonly state?: State | undefined;
  /** Lists what is older than that. Absent: from the newest on. */
  readonly after?: ListPosition | undefined;
  /** How many requests there may be. */
  readonly limit: number;
};

/** Requests that the query means, the newest first. */
export type ListPage = {
  readonly requests: readonly ListedRequest[];
  /** How far was looked: all that the query means down to there is in `requests`. Undefined: to the end. */
  readonly next?: ListPosition | undefined;
};

/** Lists the requests of a caller. Rejects if a part of the index cannot be read. */
export type ListRequests = (query: ListQuery) => Promise<ListPage>;

/** Compares positions as a list has them: negative if `one` is before `other`. */
export const comparePositions = (one: ListPosition, other: ListPosition): number =>
  other.createdAt - one.createdAt || (one.text === other.text ? 0 : one.text > other.text ? -1 : 1);

/** Puts together the pages of several shards. What is behind the place up to which one of them has looked is left for the next page. */
export const mergePages = (pages: readonly ListPage[], limit: number): ListPage => {
  const [end] = pages.flatMap(({ next }) => next ?? []).toSorted(comparePositions);
  const requests = pages
    .flatMap((page) => page.requests)
    .filter(({ key }) => end === undefined || comparePositions(key, end) <= 0)
    .toSorted((one, other) => comparePositions(one.key, other.key));
  const last = requests[limit - 1];
  return requests.length > limit && last !== undefined ? { requests: requests.slice(0, limit), next: last.key } : { requests, next: end };
};
