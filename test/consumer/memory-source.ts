import type { OnRevoked, Source } from "../../consumer/source.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { toWire } from "./requests.ts";

/** A source for tests of what stands behind it. */
export type MemorySource = Source & {
  readonly commits: readonly TopicPartitionOffset[];
  /** What the consumer does when partitions are revoked, once it has opened the source. */
  readonly onRevoked: Promise<OnRevoked>;
};

/** Gives records in their order, in partition 0 unless they say another; their offsets are their places in the list. */
export const memorySource = (
  records: readonly (Pick<ConsumerRecord, "topic" | "value" | "headers"> & Partial<ConsumerRecord>)[],
): MemorySource => {
  const commits: TopicPartitionOffset[] = [];
  const given = Promise.withResolvers<OnRevoked>();
  return {
    name: "memory",
    group: "test",
    commits,
    onRevoked: given.promise,
    async open(_, onRevoked) {
      given.resolve(onRevoked);
    },
    async *records() {
      for (const [offset, record] of records.entries()) yield { partition: 0, timestamp: 0, key: null, ...record, offset };
    },
    async commit(offsets) {
      commits.push(...offsets);
      return { committed: offsets, lost: [] };
    },
    async produce() {},
    async close() {},
  };
};

/** A request as a record that a source gives. */
export const toRecord = (request: RequestEvent) => ({ headers: [], ...toWire(request) });
