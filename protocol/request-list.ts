import type { State } from "./states.ts";

/** A request in a list. Times are RFC 3339; what has the name of a member of the status body is the same. */
export type ListedRequestBody = {
  readonly correlationId: string;
  readonly operation: string;
  readonly state: State;
  readonly acceptedAt: string;
  readonly deadline: string;
  /** Until when it is listed, and its status can be read. */
  readonly expiresAt: string;
  /** The path of its status. */
  readonly status: string;
};

/** The body of `GET /requests`: the newest first. */
export type RequestListBody = {
  /** Perhaps none, though there are more to come. */
  readonly requests: readonly ListedRequestBody[];
  /** The `after` of the next page; absent on the last one. */
  readonly next?: string;
};
