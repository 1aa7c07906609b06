import { topicPartitionKey } from "../protocol/topic-partition.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import type { Commits } from "./commits.ts";
import { type Offsets } from "./offsets.ts";
import type { OnRevoked, Source } from "./source.ts";
import { unlessAborted } from "./waiting.ts";
import type { Window } from "./in-flight-limiter.ts";

/** Does all that a record asks for, and resolves with true; with false if it is left to whoever consumes next. Never rejects. */
export type Settle = (record: ConsumerRecord) => Promise<boolean>;

export type ConsumerParts = {
  readonly source: Source;
  readonly offsets: Offsets;
  readonly window: Window;
  readonly commits: Commits;
  readonly settle: Settle;
};

/** Takes records, and sees to it that each is settled before it is committed. */
export type Consumer = {
  /** Consumes until the signal aborts. What is under way then goes on. */
  run(signal: AbortSignal): Promise<void>;
  /** Finishes what was taken of partitions that go to others, commits it and forgets them. What has not begun by then never does. */
  readonly handOver: OnRevoked;
};

/** The flow of a record: taken → settled → committed. */
export const createConsumer = ({ source, offsets, window, commits, settle }: ConsumerParts): Consumer => {
  const underWay = new Map<ConsumerRecord, Promise<void>>();

  const settleAndCommit = async (record: ConsumerRecord): Promise<void> => {
    // Reply before commit: a crash between the two repeats the handler, and the Mailbox drops the second reply.
    // The other way round it would lose the reply.
    if (!(await settle(record))) return;
    offsets.settle(record);
    commits.schedule();
  };

  return {
    async run(signal) {
      for await (const record of source.records(signal)) {
        if (!offsets.take(record)) continue;
        const bytes = sizeOf(record);
        window.enter(bytes);
        const settled = settleAndCommit(record).finally(() => {
          underWay.delete(record);
          window.leave(bytes);
        });
        underWay.set(record, settled);
        // Without room nothing more is read: while replies cannot be delivered, Kafka keeps the requests and not this process.
        await window.room(signal);
      }
    },
    async handOver(partitions, signal) {
      if (!signal.aborted) {
        const revoked = new Set(partitions.map(topicPartitionKey));
        const theirs = [...underWay].filter(([record]) => revoked.has(topicPartitionKey(record))).map(([, settled]) => settled);
        await unlessAborted(Promise.all(theirs), signal);
        await commits.flush();
      }
      for (const partition of partitions) offsets.forget(partition);
    },
  };
};

const sizeOf = ({ value, headers }: ConsumerRecord): number =>
  headers.reduce((bytes, header) => bytes + header.key.length + (header.value?.length ?? 0), value?.length ?? 0);
