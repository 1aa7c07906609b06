import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { sizeOfRecord } from "../../producer.ts";
import type { Broker } from "./broker.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";
import { BATCH_OVERHEAD, HEADER_OVERHEAD, RECORD_OVERHEAD, writeRecordBatch } from "./record-batch.ts";

/** The records for one partition. */
export type Batch = {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ProducerRecord[];
  /** The most bytes of more than one record. */
  readonly maxBytes: number;
};

/** What became of a batch that a broker answered for. */
export type BatchResult = {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** The offset of the first record. With an error it is -1, unless the broker had appended the batch before the error came. */
  readonly baseOffset: number;
  /** The records that are to blame for the error, by their index, with what the broker says of each; empty if it does not say. */
  readonly blamed: ReadonlyMap<number, string | null>;
};

export type Produced = {
  /** Of each batch, in their order; undefined if the broker left it out. */
  readonly results: readonly (BatchResult | undefined)[];
  /** For how long the broker wants no more from this client. */
  readonly throttleMs: number;
};

const ALL_REPLICAS = -1;

/**
 * Sends batches to the broker that leads all of their partitions, as one request, which it answers once every in-sync replica has them.
 * @param batches at most one a partition
 * @returns how many records of each batch are sent, in their order, and the answer, which rejects with BrokerError if none comes
 */
export const sendBatches = (
  broker: Broker,
  batches: readonly Batch[],
  { timestampMs, timeoutMs }: { readonly timestampMs: number; readonly timeoutMs: number },
): { readonly counts: readonly number[]; readonly answer: Promise<Produced> } => {
  const version = broker.produceVersion;
  const counts: number[] = [];
  const write = (request: ByteWriter): void => {
    request.text(null); // no transaction
    request.int16(ALL_REPLICAS);
    request.int32(timeoutMs);
    // Kafka passes over a topic that comes again.
    const topics = Map.groupBy(batches.keys(), (index) => (batches[index] as Batch).topic);
    request.int32(topics.size);
    for (const [topic, indexes] of topics) {
      request.text(topic);
      request.int32(indexes.length);
      for (const index of indexes) {
        const { partition, records, maxBytes } = batches[index] as Batch;
        request.int32(partition);
        request.int32(0);
        const start = request.length;
        counts[index] = writeRecordBatch(request, records, { timestampMs, maxBytes });
        request.setInt32(start - 4, request.length - start);
      }
    }
  };
  const answer = broker.request(
    { key: 0, version },
    write,
    batches.reduce((bytes, batch) => bytes + sizeOfBatch(batch), 0),
  );
  return { counts, answer: answer.then((reader) => readProduced(reader, version, batches)) };
};

/** What a batch takes in a request if its text is ASCII. */
const sizeOfBatch = ({ topic, records }: Batch): number =>
  records.reduce(
    (bytes, record) => bytes + sizeOfRecord(record) + RECORD_OVERHEAD + HEADER_OVERHEAD * record.headers.length,
    BATCH_OVERHEAD + topic.length,
  );

const readProduced = (answer: ByteReader, version: number, batches: readonly Batch[]): Produced => {
  const results: (BatchResult | undefined)[] = batches.map(() => undefined);
  answer.array(() => {
    const topic = answer.text();
    answer.array(() => {
      const partition = answer.int32();
      const index = batches.findIndex((batch) => batch.partition === partition && batch.topic === topic);
      results[index] = readResult(answer, version);
    });
  });
  return { results, throttleMs: answer.int32() };
};

const readResult = (answer: ByteReader, version: number): BatchResult => {
  const errorCode = answer.int16();
  const baseOffset = answer.int64();
  answer.int64(); // when it was appended
  answer.int64(); // the first offset of the log
  if (version < 8) return { errorCode, errorMessage: null, baseOffset, blamed: new Map() };
  const blamed = new Map(answer.array(() => [answer.int32(), answer.text()] as const));
  return { errorCode, errorMessage: answer.text(), baseOffset, blamed };
};
