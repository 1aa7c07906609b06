import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { topicPartitionKey } from "../protocol/topic-partition.ts";
import type { Commits } from "./commits.ts";
import type { InFlightLimiter } from "./in-flight-limiter.ts";
import type { Offsets } from "./offsets.ts";
import type { Pauses } from "./retry/pauses.ts";
import type { OnRevoked, Source } from "./source.ts";
import { unlessAborted } from "./waiting.ts";

/**
 * Does everything that a record asks for. Resolves with true when that is done, with false if the record is left to whoever consumes
 * the partition next. Never rejects.
 */
export type ProcessRecord = (record: ConsumerRecord) => Promise<boolean>;

type ConsumerParts = {
  readonly source: Source;
  readonly offsets: Offsets;
  readonly inFlight: InFlightLimiter;
  readonly commits: Commits;
  readonly pauses: Pick<Pauses, "cutOff" | "makeRoom">;
  readonly processRecord: ProcessRecord;
};

/** Takes records, processes them and commits what is finished. */
type Consumer = {
  /** Consumes until the signal aborts. Records in flight then go on. */
  run(signal: AbortSignal): Promise<void>;
  /** Finishes, commits and forgets the records in flight of partitions that go to other members. What has not begun by then never does. */
  readonly handOver: OnRevoked;
};

/** The flow of a record: taken → processed → committed. */
export const createConsumer = ({ source, offsets, inFlight, commits, pauses, processRecord }: ConsumerParts): Consumer => {
  const processing = new Map<ConsumerRecord, Promise<void>>();

  const processAndCommit = async (record: ConsumerRecord): Promise<void> => {
    // Reply before commit: a crash between the two repeats the handler, and the Mailbox drops the second reply.
    // The other way round it would lose the reply.
    if (!(await processRecord(record))) return;
    offsets.finish(record);
    commits.schedule();
  };

  return {
    async run(signal) {
      for await (const record of source.records(signal)) {
        if (!offsets.take(record)) continue;
        const bytes = sizeOf(record);
        inFlight.enter(bytes);
        const processed = processAndCommit(record).finally(() => {
          processing.delete(record);
          inFlight.leave(bytes);
        });
        processing.set(record, processed);
        pauses.makeRoom(record);
        // While there is no room, nothing more is read: if replies cannot be delivered, Kafka keeps the requests, not this process.
        await inFlight.room(signal);
      }
    },
    async handOver(partitions, signal) {
      // Other members can go on with those that pause.
      pauses.cutOff(partitions);
      if (!signal.aborted) {
        const revoked = new Set(partitions.map(topicPartitionKey));
        const theirs = [...processing].filter(([record]) => revoked.has(topicPartitionKey(record))).map(([, processed]) => processed);
        await unlessAborted(Promise.all(theirs), signal);
        await commits.flush();
      }
      for (const partition of partitions) offsets.forget(partition);
    },
  };
};

const sizeOf = ({ value, headers }: ConsumerRecord): number =>
  headers.reduce((bytes, header) => bytes + header.key.length + (header.value?.length ?? 0), value?.length ?? 0);
