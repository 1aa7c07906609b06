import { type Partition, type Position, partitionKey } from "../offsets.ts";

/**
 * The offset that each partition should go on with. A record beyond it means that an answer was lost on its way: the server's
 * position has moved past records that never arrived.
 */
export type ExpectedOffsets = {
  /** The partitions of which these records do not start where expected, or of which nothing is known: look up their commits. */
  unsure(records: readonly Position[]): Partition[];
  /** The partition goes on no earlier than at what is committed; if nothing is, at 0. */
  resume(partition: Partition, committed: number | undefined): void;
  /** Where the gap before a record begins, or undefined if there is none. */
  gapBefore(position: Position): number | undefined;
  /** The record was handed on. */
  pass(position: Position): void;
  forget(partition: Partition): void;
};

/** Starts without any partition. */
export const createExpectedOffsets = (): ExpectedOffsets => {
  const expected = new Map<string, number>();
  return {
    unsure(records) {
      const next = new Map<string, number>();
      const partitions = new Map<string, Partition>();
      for (const { topic, partition, offset } of records) {
        const key = partitionKey({ topic, partition });
        const from = next.get(key) ?? expected.get(key);
        if (from === undefined || offset > from) partitions.set(key, { topic, partition });
        next.set(key, Math.max(from ?? 0, offset + 1));
      }
      return [...partitions.values()];
    },
    resume(partition, committed) {
      const key = partitionKey(partition);
      expected.set(key, Math.max(expected.get(key) ?? 0, committed ?? 0));
    },
    gapBefore(position) {
      const from = expected.get(partitionKey(position));
      return from !== undefined && from < position.offset ? from : undefined;
    },
    pass(position) {
      const key = partitionKey(position);
      expected.set(key, Math.max(expected.get(key) ?? 0, position.offset + 1));
    },
    forget(partition) {
      expected.delete(partitionKey(partition));
    },
  };
};
