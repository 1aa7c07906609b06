import type { Source } from "../source.ts";
import type { ConsumerObserver } from "./observer.ts";

/** Has an observer told which partitions go, and what is committed. */
export const observeSource = (source: Source, observer: ConsumerObserver): Source => ({
  ...source,
  open: (signal, onRevoked) =>
    source.open(signal, (partitions, over) => {
      observer.revoked(partitions);
      return onRevoked(partitions, over);
    }),
  async commit(positions) {
    const result = await source.commit(positions);
    observer.committed(result.committed);
    observer.revoked(result.lost);
    return result;
  },
});
