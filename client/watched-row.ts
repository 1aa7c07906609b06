import type { Client } from "./client.ts";
import type { ClientContract, RowOf, ViewNameOf } from "./contract.ts";
import type { WatchedRow } from "./view.ts";

/** A row of a view, while somebody listens: what React's `useSyncExternalStore` reads. */
type TrackedRow<Row> = {
  current(): WatchedRow<Row>;
  /** Calls back when the row has changed, or whether it is live. Watches the row only while somebody listens. Returns what ends that. */
  subscribe(listener: () => void): () => void;
};

/** Before the first answer. */
export const UNKNOWN_ROW: WatchedRow<never> = { row: undefined, position: undefined, isLive: false, error: undefined };

/** Before somebody listens it has no effect, so it can be made while React renders. */
export const trackRow = <C extends ClientContract, View extends ViewNameOf<C>>(
  client: Client<C>,
  view: View,
  key: string,
): TrackedRow<RowOf<C, View>> => {
  const listeners = new Set<() => void>();
  let current: WatchedRow<RowOf<C, View>> = UNKNOWN_ROW;
  let stop: (() => void) | undefined;
  return {
    current: () => current,
    subscribe(listener) {
      listeners.add(listener);
      stop ??= client.view(view, key).onChange((watched) => {
        current = watched;
        for (const hear of listeners) hear();
      });
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
        // Whoever returns sees the row that was known, until there is a newer one.
        if (current.isLive) current = { ...current, isLive: false };
      };
    },
  };
};
