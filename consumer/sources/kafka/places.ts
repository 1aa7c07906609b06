import type { KafkaConnection } from "../../../kafka/config.ts";
import { createConsumerClient } from "../../../kafka/clients.ts";
import { type Partition, partitionKey, type Position } from "../../offsets.ts";
import type { Identity } from "./membership.ts";

/** Where reading goes on in a partition. Whoever is given the partition anew begins with another object. */
export type Place = Partition & { next: bigint };

/** What a group has committed, and where partitions begin. Nothing is repeated: each call is one attempt. */
export type Places = {
  /** Where the group goes on: at what it committed, else at the beginning. */
  resume(partitions: readonly Partition[]): Promise<Place[]>;
  /** The first offset that is still there. */
  beginning(partition: Partition): Promise<bigint>;
  commit(positions: readonly Position[], identity: Identity): Promise<void>;
  close(): Promise<void>;
};

/** "I do not know", of the leader's epoch at the record. */
const NO_EPOCH = -1;
/** From Kafka's protocol: the time that stands for the first offset. */
const EARLIEST = -2n;

/**
 * On connections of its own, since a broker answers a connection in order and JoinGroup takes its time. And by a client that never joins: one
 * that does answers a rejected commit by joining again and committing the same, even if the partition is somebody else's by then.
 */
export const createPlaces = (connection: KafkaConnection, group: string): Places => {
  const client = createConsumerClient(connection, { groupId: group, retries: 0 });

  const beginnings = async (partitions: readonly Partition[]): Promise<Map<string, bigint>> => {
    const found = new Map<string, bigint>();
    for (const [topic, itsPartitions] of Map.groupBy(partitions, ({ topic }) => topic)) {
      const numbers = itsPartitions.map(({ partition }) => partition);
      const offsets = await client.listOffsets({ topics: [topic], partitions: { [topic]: numbers }, timestamp: EARLIEST });
      for (const partition of numbers) found.set(partitionKey({ topic, partition }), offsets.get(topic)?.[partition] ?? 0n);
    }
    return found;
  };

  return {
    async resume(partitions) {
      const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, itsPartitions]) => ({
        topic,
        partitions: itsPartitions.map(({ partition }) => partition),
      }));
      const committed = await client.listCommittedOffsets({ topics });
      const offsetOf = ({ topic, partition }: Partition): bigint => committed.get(topic)?.[partition] ?? -1n;
      const begin = await beginnings(partitions.filter((partition) => offsetOf(partition) < 0n));
      return partitions.map(({ topic, partition }) => {
        const next = begin.get(partitionKey({ topic, partition })) ?? offsetOf({ topic, partition });
        return { topic, partition, next };
      });
    },
    beginning: async (partition) => (await beginnings([partition])).get(partitionKey(partition)) ?? 0n,
    async commit(positions, { memberId, generationId }) {
      client.memberId = memberId;
      client.generationId = generationId;
      const offsets = positions.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset: BigInt(offset),
        leaderEpoch: NO_EPOCH,
      }));
      await client.commit({ offsets });
    },
    close: () => client.close(),
  };
};
