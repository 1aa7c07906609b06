import { useMemo, useSyncExternalStore } from "react";
import type { Client } from "./client.ts";
import type { ClientContract, ReplyOf, RequestOf } from "./contract.ts";
import { IDLE, type Progress } from "./progress.ts";
import { trackRequest } from "./tracked-request.ts";

export { isPending, type Progress } from "./progress.ts";

/**
 * The progress of the last request, and `send` for the next, which does nothing while one is on its way. `state` tells what else is there:
 * `reply` in `succeeded`, `error` in `failed`, `status` once the server has sent one.
 */
export type UsedRequest<Request, Reply> = Progress<Reply> & { readonly send: (request: Request) => void };

/**
 * Sends requests of an operation, one at a time, and returns the progress of the last one. When the component unmounts, the wait ends and the
 * request goes on. When the component returns, even after a reload, it waits for the same request. Use an operation in one component at a time.
 * @param client one for the whole page: made outside of components
 */
export const useRequest = <C extends ClientContract, Name extends keyof C & string>(
  client: Client<C>,
  operation: Name,
): UsedRequest<RequestOf<C, Name>, ReplyOf<C, Name>> => {
  const { subscribe, progress, send } = useMemo(() => trackRequest(client, operation), [client, operation]);
  // A server that renders the page knows of no request; the browser shows its own right after.
  return { ...useSyncExternalStore<Progress<ReplyOf<C, Name>>>(subscribe, progress, () => IDLE), send };
};
