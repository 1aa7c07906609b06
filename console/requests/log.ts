import type { Entry } from "./entry.ts";

/** News of an entry: it is new, it has changed, or it was forgotten. */
type LogListener = (id: string, entry: Entry | undefined) => void;

/** The requests of this browser, by ID. */
export type Log = {
  get(id: string): Entry | undefined;
  /** The newest first. */
  entries(): readonly Entry[];
  /** Adds it, or puts it in place of the one with its ID. */
  put(entry: Entry): void;
  forget(id: string): void;
  /** Returns what ends that. */
  onChange(listener: LogListener): () => void;
};

/** So many are remembered; then the oldest are forgotten. */
const MAX_ENTRIES = 2_000;

export const createLog = (maxEntries = MAX_ENTRIES): Log => {
  const byId = new Map<string, Entry>();
  const listeners = new Set<LogListener>();
  let sorted: readonly Entry[] | undefined;

  const changed = (id: string): void => {
    sorted = undefined;
    for (const listener of listeners) listener(id, byId.get(id));
  };
  const forget = (id: string): void => {
    if (byId.delete(id)) changed(id);
  };
  const entries = (): readonly Entry[] => (sorted ??= [...byId.values()].toSorted((a, b) => b.sentAt - a.sentAt));

  return {
    get: (id) => byId.get(id),
    entries,
    put(entry) {
      const isNew = !byId.has(entry.id);
      byId.set(entry.id, entry);
      changed(entry.id);
      if (isNew && byId.size > maxEntries) for (const { id } of entries().slice(maxEntries)) forget(id);
    },
    forget,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
