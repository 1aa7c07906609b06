import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Counts the requests that leave this process for one path. */
export type RequestCount = { readonly count: number; close(): void };

const CHANNEL = "undici:request:create";

/**
 * The client of the source repeats a failed call by itself and does not say so; a repeated consume may have lost an answer, and the
 * records in it. What Node's fetch says of each request it makes tells the two apart.
 */
export const countRequests = (url: string): RequestCount => {
  const { origin, pathname } = new URL(url);
  let count = 0;
  const onRequest = (message: unknown): void => {
    const { request } = message as { request: { origin?: unknown; path?: unknown } };
    if (String(request.origin) === origin && request.path === pathname) count += 1;
  };
  subscribe(CHANNEL, onRequest);
  return {
    get count() {
      return count;
    },
    close: () => void unsubscribe(CHANNEL, onRequest),
  };
};
