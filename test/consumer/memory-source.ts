import { type OnRevoked, type OutgoingRecord, type Source, SourceError } from "../../consumer/source.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { toWire } from "./requests.ts";

/** A source for tests of what stands behind it. */
export type MemorySource = Source & {
  readonly commits: readonly TopicPartitionOffset[];
  /** What was produced, in its order. */
  readonly produced: readonly OutgoingRecord[];
  /** The partitions that are left out now. */
  readonly paused: ReadonlySet<number>;
  /** From now on nothing can be produced, or it can again. */
  refuseToProduce(isRefused: boolean): void;
  /** What the consumer does when partitions are revoked, once it has opened the source. */
  readonly onRevoked: Promise<OnRevoked>;
};

/** Gives records in their order, in partition 0 unless they say another; their offsets are their places in the list. */
export const memorySource = (
  records: readonly (Pick<ConsumerRecord, "topic" | "value" | "headers"> & Partial<ConsumerRecord>)[],
): MemorySource => {
  const commits: TopicPartitionOffset[] = [];
  const produced: OutgoingRecord[] = [];
  const paused = new Set<number>();
  let isRefused = false;
  const given = Promise.withResolvers<OnRevoked>();
  return {
    name: "memory",
    group: "test",
    commits,
    produced,
    paused,
    refuseToProduce: (refused) => void (isRefused = refused),
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
    async produce(record) {
      if (isRefused) throw new SourceError("Nobody is there.", { retryable: true });
      produced.push(record);
    },
    pause: ({ partition }) => void paused.add(partition),
    resume: ({ partition }) => void paused.delete(partition),
    async close() {},
  };
};

/** A request as a record that a source gives. */
export const toRecord = (request: RequestEvent) => ({ headers: [], ...toWire(request) });
