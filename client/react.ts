import { useMemo, useSyncExternalStore } from "react";
import type { Client } from "./client.ts";
import type { ChunkOf, ClientContract, ProgressOf, ReplyOf, RequestOf, RowOf, ViewNameOf } from "./contract.ts";
import { IDLE, type RequestState } from "./request-state.ts";
import { trackRequest } from "./tracked-request.ts";
import type { WatchedRow } from "./view.ts";
import { trackRow, UNKNOWN_ROW } from "./watched-row.ts";

export { isPending, type RequestState } from "./request-state.ts";

/**
 * How the last request stands, and `send` for the next, which does nothing while one is on its way. `state` tells what else is there:
 * `reply` in `succeeded`, `error` in `failed`, `status` once the server has sent one.
 */
export type UsedRequest<Request, Reply, Progress = unknown, Chunk = unknown> = RequestState<Reply, Progress, Chunk> & {
  /** How far the handler says that it is, if it has said so. */
  readonly progress: Progress | undefined;
  /** All that the handler has emitted so far, in order. Another run of it begins them anew, such as after a crash. */
  readonly chunks: readonly Chunk[];
  readonly send: (request: Request) => void;
  /**
   * Asks for the request to be cancelled; does nothing while none is on its way. The state then is `cancelling`, until the request has ended. Who
   * wants to know why that could not be asked for looks at the promise: it rejects with a ClientError.
   */
  readonly cancel: () => Promise<void>;
};

const NONE: readonly never[] = [];

/**
 * Sends requests of an operation, one at a time, and returns how the last one stands. When the component unmounts, the wait ends and the
 * request goes on. When the component returns, even after a reload, it waits for the same request. Use an operation in one component at a time.
 * @param client one for the whole page: made outside of components
 */
export const useRequest = <C extends ClientContract, Name extends keyof C & string>(
  client: Client<C>,
  operation: Name,
): UsedRequest<RequestOf<C, Name>, ReplyOf<C, Name>, ProgressOf<C, Name>, ChunkOf<C, Name>> => {
  const { subscribe, current, send, cancel } = useMemo(() => trackRequest(client, operation), [client, operation]);
  // A server that renders the page knows of no request; the browser shows its own right after.
  const state = useSyncExternalStore<ReturnType<typeof current>>(subscribe, current, () => IDLE);
  return { ...state, progress: state.status?.progress, chunks: state.status?.chunks ?? NONE, send, cancel };
};

/**
 * A row of a view as it is now, and then each time that it changes, as long as the component is mounted. `row` is undefined if there is none, and as
 * long as nobody has answered: `isLive` tells which. `error` says why nothing more comes. It never suspends.
 * @param client one for the whole page: made outside of components
 */
export const useView = <C extends ClientContract, View extends ViewNameOf<C>>(
  client: Client<C>,
  view: View,
  key: string,
): WatchedRow<RowOf<C, View>> => {
  const { subscribe, current } = useMemo(() => trackRow(client, view, key), [client, view, key]);
  return useSyncExternalStore<WatchedRow<RowOf<C, View>>>(subscribe, current, () => UNKNOWN_ROW);
};
