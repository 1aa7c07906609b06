import type { FetchedRecord } from "../kafka/record-batches.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import type { TopicPartition } from "../protocol/topic-partition.ts";

/** A record of a fetch from Kafka itself, as it is consumed: bytes stay bytes. */
export const consumerRecordOf = ({ topic, partition }: TopicPartition, { headers, ...record }: FetchedRecord): ConsumerRecord => ({
  topic,
  partition,
  ...record,
  headers: headers.map(([name, value]) => ({ key: name?.toString() ?? "", value })),
});
