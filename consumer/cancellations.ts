/** Which requests somebody wants to cancel, as the mailbox has said. */
export type Cancellations = {
  /** The mailbox names requests; it may name one again, and one that was never here. */
  add(correlationIds: readonly string[]): void;
  /** Whether the request is to be cancelled. */
  has(correlationId: string): boolean;
  /** The request has ended here. It may be sent again under the same ID, and is not to be cancelled then. */
  forget(correlationId: string): void;
  /** Calls back when the request is to be cancelled; at once if it is already. Returns what ends that: call it when the request has ended. */
  watch(correlationId: string, onCancel: () => void): () => void;
  /** Calls back with each request that is to be cancelled from now on: for whoever has so many that watching each would cost something. */
  watchAll(onCancel: (correlationId: string) => void): void;
};

/** How many that are not here yet are kept, the newest: their records may be on the way, or at another consumer. */
const MAX_KEPT = 10_000;

export const createCancellations = (): Cancellations => {
  const watched = new Map<string, Set<() => void>>();
  const watchers: ((correlationId: string) => void)[] = [];
  const kept = new Set<string>();

  const keep = (correlationId: string): void => {
    kept.delete(correlationId);
    kept.add(correlationId);
    if (kept.size > MAX_KEPT) kept.delete(kept.values().next().value as string);
  };

  return {
    add(correlationIds) {
      for (const correlationId of correlationIds) {
        keep(correlationId);
        for (const onCancel of [...(watched.get(correlationId) ?? [])]) onCancel();
        for (const onCancel of watchers) onCancel(correlationId);
      }
    },
    has: (correlationId) => kept.has(correlationId),
    forget: (correlationId) => void kept.delete(correlationId),
    watchAll: (onCancel) => void watchers.push(onCancel),
    watch(correlationId, onCancel) {
      if (kept.has(correlationId)) {
        onCancel();
        return () => {};
      }
      const own = (): void => onCancel();
      const all = watched.get(correlationId) ?? new Set();
      watched.set(correlationId, all.add(own));
      return () => {
        all.delete(own);
        if (all.size === 0 && watched.get(correlationId) === all) watched.delete(correlationId);
      };
    },
  };
};
