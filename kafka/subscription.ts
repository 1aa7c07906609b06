import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from "@platformatic/kafka";
import { assignPartitions } from "./assignment.ts";
import { type TopicPartition, topicPartitionKey } from "../protocol/topic-partition.ts";
import type { Protocol, Share } from "./group-requests.ts";
import type { JoinGroupResponse } from "./protocol.ts";
import { byTopic } from "./protocol.ts";

/** What members of a group and the one that leads it tell one another: https://kafka.apache.org/protocol, ConsumerProtocol. */

/**
 * A group takes a way of sharing that all members know, by its name. These are the ones that clients of others begin with; whoever leads
 * shares out as it likes, and whatever its name, this leader does by `assignPartitions`.
 */
const NAMES = ["range", "roundrobin"] as const;
/** The first version in which a member says what it owns, so that it may keep it. */
const VERSION = 1;

/** What a member wants, and what it has. */
export const subscriptionOf = (topics: ReadonlySet<string>, owned: readonly TopicPartition[]): readonly Protocol[] => {
  const ownedPartitions = byTopic(owned, ({ partition }) => partition).map(({ name, partitions }) => ({ topic: name, partitions }));
  const metadata = encodeConsumerProtocolSubscription({ version: VERSION, topics: [...topics], ownedPartitions });
  return NAMES.map((name) => ({ name, metadata }));
};

/** All topics that a group wants, as its leader is told. */
export const topicsOfGroup = ({ members }: JoinGroupResponse): ReadonlySet<string> =>
  new Set(members.flatMap(({ metadata }) => decodeConsumerProtocolSubscription(metadata).topics));

/** Shares the partitions out among the members. @param counts partitions of the topics that there are */
export const shareOut = ({ members }: JoinGroupResponse, counts: ReadonlyMap<string, number>): readonly Share[] => {
  const subscriptions = new Map(members.map(({ memberId, metadata }) => [memberId, decodeConsumerProtocolSubscription(metadata)]));
  const partitions = new Map(
    [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition): [string, TopicPartition] => [
        topicPartitionKey({ topic, partition }),
        { topic, partition },
      ]),
    ),
  );
  const previous = new Map<TopicPartition, string>();
  for (const [memberId, { ownedPartitions }] of subscriptions)
    for (const { topic, partitions: owned } of ownedPartitions)
      for (const partition of owned) {
        const found = partitions.get(topicPartitionKey({ topic, partition }));
        if (found !== undefined) previous.set(found, memberId);
      }
  const wanted = new Map([...subscriptions].map(([memberId, { topics }]) => [memberId, new Set(topics)]));
  const owners = assignPartitions(wanted, partitions.values(), previous);
  return members.map(({ memberId }) => ({
    memberId,
    assignment: encodeConsumerProtocolAssignment({
      version: VERSION,
      assignedPartitions: byTopic(
        [...owners].flatMap(([partition, owner]) => (owner === memberId ? [partition] : [])),
        ({ partition }) => partition,
      ).map(({ name, partitions }) => ({ topic: name, partitions })),
    }),
  }));
};

/** What a member has got. A leader of another kind gives nothing at all to whom it gives nothing. */
export const assignmentOf = (bytes: Buffer): readonly TopicPartition[] =>
  bytes.length === 0
    ? []
    : decodeConsumerProtocolAssignment(bytes).assignedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      );
