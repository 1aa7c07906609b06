import {
  type ConsumerProtocolSubscriptionData,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  decodeCooperativeStickyGeneration,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from "@platformatic/kafka";
import { type TopicPartition, topicPartitionKey } from "../protocol/topic-partition.ts";
import { assignPartitions } from "./assignment.ts";
import type { Protocol, Share } from "./group-requests.ts";
import { byTopic, type JoinGroupResponse } from "./protocol.ts";

/** What the members of a group and their leader tell each other: https://kafka.apache.org/protocol, ConsumerProtocol. */

/** How partitions move when the group changes. */
export type Rebalancing = {
  /** A group uses a protocol that all of its members name. */
  readonly protocols: readonly string[];
  /** Of the subscription: from 1 on a member says what it owns, from 2 on also since which generation. */
  readonly version: number;
  /** Whether a partition that moves is assigned only after its owner has given it up, while all others go on (KIP-429). */
  readonly isCooperative: boolean;
};

/**
 * All members give up everything and join; then all is assigned anew. These are the protocols that other clients begin with. Their names
 * promise nothing: each leader assigns as it likes, and this one does by `assignPartitions`.
 */
export const EAGER: Rebalancing = { protocols: ["range", "roundrobin"], version: 1, isCooperative: false };

/** Members keep what they own, and give up only what moves. */
export const COOPERATIVE: Rebalancing = { protocols: ["cooperative-sticky"], version: 3, isCooperative: true };

const NO_GENERATION = -1;

/** What a member wants, and what it owns since which generation. */
export const subscriptionOf = (
  { protocols, version }: Rebalancing,
  topics: ReadonlySet<string>,
  owned: readonly TopicPartition[],
  generation: number,
): readonly Protocol[] => {
  const metadata = encodeConsumerProtocolSubscription({
    version,
    topics: [...topics],
    ownedPartitions: wirePartitions(owned),
    generationId: owned.length > 0 ? generation : NO_GENERATION,
  });
  return protocols.map((name) => ({ name, metadata }));
};

const wirePartitions = (partitions: Iterable<TopicPartition>) =>
  byTopic(partitions, ({ partition }) => partition).map(({ name, partitions }) => ({ topic: name, partitions }));

/** All topics that a group wants, as its leader is told. */
export const topicsOfGroup = ({ members }: JoinGroupResponse): ReadonlySet<string> =>
  new Set(members.flatMap(({ metadata }) => decodeConsumerProtocolSubscription(metadata).topics));

/** Assigns the partitions to the members. @param counts partitions of the topics that there are */
export const shareOut = (
  { isCooperative, version }: Rebalancing,
  { members }: JoinGroupResponse,
  counts: ReadonlyMap<string, number>,
): readonly Share[] => {
  const subscriptions = new Map(members.map(({ memberId, metadata }) => [memberId, decodeConsumerProtocolSubscription(metadata)]));
  const partitions = new Map(
    [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition): [string, TopicPartition] => [
        topicPartitionKey({ topic, partition }),
        { topic, partition },
      ]),
    ),
  );
  const claims = claimsOf(subscriptions, partitions, isCooperative);
  // A claim that another member makes as well cannot be trusted.
  const previous = new Map(
    [...claims].flatMap(([partition, [owner, ...others]]) => (owner && others.length === 0 ? [[partition, owner]] : [])),
  );
  const wanted = new Map([...subscriptions].map(([memberId, { topics }]) => [memberId, new Set(topics)]));
  const owners = assignPartitions(wanted, partitions.values(), previous);
  const isFree = (partition: TopicPartition, owner: string): boolean =>
    !isCooperative || (claims.get(partition) ?? []).every((claimant) => claimant === owner);
  return members.map(({ memberId }) => ({
    memberId,
    assignment: encodeConsumerProtocolAssignment({
      version,
      assignedPartitions: wirePartitions(
        [...owners].flatMap(([partition, owner]) => (owner === memberId && isFree(partition, owner) ? [partition] : [])),
      ),
    }),
  }));
};

/** Who says that it owns a partition. A member that missed a generation owns nothing any more, whatever it says. */
const claimsOf = (
  subscriptions: ReadonlyMap<string, ConsumerProtocolSubscriptionData>,
  partitions: ReadonlyMap<string, TopicPartition>,
  isCooperative: boolean,
): ReadonlyMap<TopicPartition, readonly string[]> => {
  const generations = new Map(
    [...subscriptions].map(([memberId, subscription]) => [memberId, isCooperative ? generationOf(subscription) : NO_GENERATION]),
  );
  const latest = Math.max(NO_GENERATION, ...generations.values());
  const claims = new Map<TopicPartition, string[]>();
  for (const [memberId, { topics, ownedPartitions }] of subscriptions) {
    if (generations.get(memberId) !== latest) continue;
    for (const { topic, partitions: owned } of ownedPartitions)
      for (const partition of topics.includes(topic) ? owned : []) {
        const found = partitions.get(topicPartitionKey({ topic, partition }));
        if (found !== undefined) claims.set(found, [...(claims.get(found) ?? []), memberId]);
      }
  }
  return claims;
};

/** Before version 2 of the subscription, members of other clients carry it in bytes of their own. */
const generationOf = ({ version, userData, generationId }: ConsumerProtocolSubscriptionData): number =>
  version < 2 ? decodeCooperativeStickyGeneration(userData) : generationId;

/** What a member was assigned. Other leaders send nothing at all to a member that gets nothing. */
export const assignmentOf = (bytes: Buffer): readonly TopicPartition[] =>
  bytes.length === 0
    ? []
    : decodeConsumerProtocolAssignment(bytes).assignedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      );
