import { protocolErrorsCodesById, type RecordsBatch, ResponseError } from "@platformatic/kafka";
import type { BytesConsumer } from "../../../kafka/clients.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { type Partition, partitionKey } from "../../offsets.ts";
import type { Place } from "./places.ts";

type FetchResponse = Awaited<ReturnType<BytesConsumer["fetch"]>>;

/** What one answer to a fetch said of the partitions that it was asked for. */
export type Fetched = {
  readonly records: readonly { readonly place: Place; readonly record: ConsumerRecord }[];
  /** Partitions of which the broker said something else, by the name of the error in Kafka's protocol. */
  readonly failures: readonly { readonly place: Place; readonly protocolError: string }[];
};

/** The answer that is inside an error, where some of the partitions failed: the others have their records in it. */
export const responseIn = (error: unknown): FetchResponse | undefined => {
  if (error instanceof ResponseError) return error["response"] as FetchResponse;
  return error instanceof AggregateError ? error.errors.map(responseIn).find((found) => found !== undefined) : undefined;
};

/** Takes an answer apart, and moves the places behind what is in it. */
export const readFetched = (response: FetchResponse, places: readonly Place[], topicNames: ReadonlyMap<string, string>): Fetched => {
  const byKey = new Map(places.map((place) => [partitionKey(place), place]));
  const records: Fetched["records"][number][] = [];
  const failures: Fetched["failures"][number][] = [];
  for (const { topicId, partitions } of response.responses) {
    for (const { partitionIndex, errorCode, records: batches } of partitions) {
      const place = byKey.get(partitionKey({ topic: topicNames.get(topicId) ?? "", partition: partitionIndex }));
      // A broker may go on about partitions of an earlier request.
      if (place === undefined) continue;
      if (errorCode !== 0) {
        failures.push({ place, protocolError: protocolErrorsCodesById[errorCode] ?? String(errorCode) });
        continue;
      }
      for (const batch of batches ?? []) {
        for (const record of recordsOf(batch, place, place.next)) records.push({ place, record });
        // Behind what was compacted away at its end, too.
        const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
        if (end > place.next) place.next = end;
      }
    }
  }
  return { records, failures };
};

/** Of a batch's attributes: it holds marks of transactions, no records. */
const CONTROL = 1 << 5;
/** Of a batch's attributes: the time is that of arrival, one for all. */
const LOG_APPEND_TIME = 1 << 3;

/** The records of a batch from an offset on: a batch is given as a whole, though only its end may have been asked for. */
const recordsOf = (batch: RecordsBatch, { topic, partition }: Partition, from: bigint): ConsumerRecord[] => {
  if ((batch.attributes & CONTROL) !== 0) return [];
  const arrived = (batch.attributes & LOG_APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp);
  const found: ConsumerRecord[] = [];
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = batch.firstOffset + BigInt(offsetDelta);
    if (offset < from) continue;
    found.push({
      topic,
      partition,
      offset: Number(offset),
      timestamp: arrived ?? Number(batch.firstTimestamp + timestampDelta),
      key,
      value,
      headers: headers.map(([name, content]) => ({ key: name?.toString() ?? "", value: content })),
    });
  }
  return found;
};
