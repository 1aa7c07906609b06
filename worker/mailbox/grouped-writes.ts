import type { StatusKey } from "../status-store.ts";

/** Writes, and resolves once that is durable. */
type Commit = (keys: readonly StatusKey[], run: () => void) => Promise<void>;

/** Makes the writes of one turn as one transaction. Each resolves once that is durable. */
export const createGroupedWrites = (commit: Commit) => {
  let waiting: { readonly key: StatusKey; readonly run: () => void }[] = [];
  let written: Promise<void> | undefined;
  const flush = (): Promise<void> => {
    const all = waiting;
    waiting = [];
    written = undefined;
    return commit(
      all.map(({ key }) => key),
      () => all.forEach(({ run }) => run()),
    );
  };
  return (key: StatusKey, run: () => void): Promise<void> => {
    waiting.push({ key, run });
    return (written ??= Promise.resolve().then(flush));
  };
};

export type GroupedWrites = ReturnType<typeof createGroupedWrites>;
