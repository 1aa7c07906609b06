import type { TopicPartition } from "../protocol/topic-partition.ts";
import type {
  Broker,
  describeConfigsV4,
  fetchV17,
  findCoordinatorV6,
  joinGroupV9,
  listOffsetsV9,
  metadataV12,
  offsetFetchV9,
  syncGroupV5,
} from "@platformatic/kafka";

/** Answers of Kafka's protocol, as the library reads them of any version. */
export type { Broker };
export type DescribeConfigsResponse = describeConfigsV4.DescribeConfigsResponse;
export type FetchResponse = fetchV17.FetchResponse;
export type FetchResponsePartition = fetchV17.FetchResponsePartition;
export type FindCoordinatorResponse = findCoordinatorV6.FindCoordinatorResponse;
export type JoinGroupResponse = joinGroupV9.JoinGroupResponse;
export type ListOffsetsResponse = listOffsetsV9.ListOffsetsResponse;
export type MetadataResponse = metadataV12.MetadataResponse;
export type MetadataResponseTopic = metadataV12.MetadataResponseTopic;
export type OffsetFetchResponse = offsetFetchV9.OffsetFetchResponse;
export type SyncGroupResponse = syncGroupV5.SyncGroupResponse;

/** Partitions by their topics, as Kafka's protocol has them. */
export const byTopic = <Item extends TopicPartition, Result>(
  items: Iterable<Item>,
  read: (item: Item) => Result,
): { readonly name: string; readonly partitions: Result[] }[] =>
  [...Map.groupBy(items, ({ topic }) => topic)].map(([name, partitions]) => ({ name, partitions: partitions.map(read) }));
