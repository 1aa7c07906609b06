import { useMemo, useSyncExternalStore } from "react";
import type { Client, ClientContract, ReplyOf, RequestOf } from "../../client/index.ts";
import type { Progress } from "./progress.ts";
import { trackRequest } from "./tracked-request.ts";

/** Can be taken apart: where `state` is `succeeded`, `reply` is there, and where it is `failed`, `error`. */
export type UsedRequest<Request, Reply> = Progress<Reply> & { readonly send: (request: Request) => void };

/**
 * A request of an operation, typed by the contract, as long as the component is there. When it goes, the wait ends and the request goes on; when
 * it comes back, even on a page that was loaded anew, it waits again. One component at a time may use an operation.
 * @param client one for the whole page: made outside of components
 */
export const useRequest = <C extends ClientContract, Name extends keyof C & string>(
  client: Client<C>,
  operation: Name,
): UsedRequest<RequestOf<C, Name>, ReplyOf<C, Name>> => {
  const { subscribe, progress, send } = useMemo(() => trackRequest(client, operation), [client, operation]);
  return { ...useSyncExternalStore(subscribe, progress), send };
};
