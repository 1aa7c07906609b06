import { KafkaError } from "./kafka-error.ts";
import type { RecordMetadata } from "../protocol/kafka-record.ts";
import { ProduceError, type ProduceOutcome } from "./produce-error.ts";
import type { Time } from "../environment/time.ts";

export type NewRecord = {
  readonly topic: string;
  /** Absent: chosen by the key, or for the whole batch where there is none. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970. Absent: now. */
  readonly timestampMs?: number | undefined;
  readonly key?: Buffer | undefined;
  /** Absent: Kafka's null, which deletes in a compacted topic. */
  readonly value?: Buffer | undefined;
  /** A name may come more than once. A value may be Kafka's null. */
  readonly headers?: readonly (readonly [name: Buffer, value: Buffer | null])[] | undefined;
};

/** A record on its way to a broker. */
export type PendingRecord = {
  readonly record: NewRecord;
  readonly timestampMs: number;
  readonly bytes: number;
  /** Undefined until its topic was looked up. After that, only an attempt that stored nothing of a record without a key may change it. */
  partition: number | undefined;
  /** Whether a broker has it, or had it and nobody knows what became of it. */
  sent: boolean;
  /** Whether it must have a batch of its own, since a batch with it was refused. */
  alone: boolean;
  /** Why the last attempt at it failed. */
  failure: KafkaError | undefined;
  readonly settled: boolean;
  /** Says what became of it. After the deadline this does nothing. */
  settle(outcome: ProduceOutcome): void;
};

export type PendingCall = { readonly records: readonly PendingRecord[]; readonly stored: Promise<readonly RecordMetadata[]> };

/** The records of one call. Each has an outcome at the deadline at the latest. */
export const createPendingCall = (records: readonly NewRecord[], timeoutMs: number, time: Time): PendingCall => {
  const { promise, resolve, reject } = Promise.withResolvers<readonly RecordMetadata[]>();
  const outcomes: (ProduceOutcome | undefined)[] = Array.from({ length: records.length });
  let left = records.length;
  const now = time.now();
  const timer = time.setTimeout(() => {
    for (const pending of pendings) if (!pending.settled) pending.settle(late(pending, timeoutMs));
  }, timeoutMs);
  const finish = () => {
    time.clearTimeout(timer);
    const all = outcomes as ProduceOutcome[];
    if (all.every((outcome) => !(outcome instanceof KafkaError))) resolve(all as RecordMetadata[]);
    else reject(new ProduceError(all));
  };
  const pendings = records.map((record, index): PendingRecord => ({
    record,
    timestampMs: record.timestampMs ?? now,
    bytes: sizeOf(record),
    partition: record.partition,
    sent: false,
    alone: false,
    failure: undefined,
    get settled() {
      return outcomes[index] !== undefined;
    },
    settle(outcome) {
      if (outcomes[index] !== undefined) return;
      outcomes[index] = outcome;
      left -= 1;
      if (left === 0) finish();
    },
  }));
  if (left === 0) finish();
  return { records: pendings, stored: promise };
};

const late = ({ sent, failure }: PendingRecord, timeoutMs: number): KafkaError =>
  sent
    ? new KafkaError("unknown", `it did not answer within ${timeoutMs} ms`)
    : (failure ?? new KafkaError("unavailable", `the record could not be sent within ${timeoutMs} ms`));

/** Topic and partition, as people write them. */
export const partitionName = ({ record, partition }: PendingRecord): string => `${record.topic}-${partition}`;

/** What a record adds to a batch beside its bytes: lengths, and its offset and time relative to the batch. */
const RECORD_OVERHEAD_BYTES = 32;
const HEADER_OVERHEAD_BYTES = 8;

const sizeOf = ({ key, value, headers = [] }: NewRecord): number =>
  headers.reduce(
    (bytes, [name, value]) => bytes + name.length + (value?.length ?? 0) + HEADER_OVERHEAD_BYTES,
    (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES,
  );
