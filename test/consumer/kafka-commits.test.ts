import { expect, test } from "vitest";
import { createGroupCommits } from "../../consumer/sources/kafka/group-commits.ts";
import { createOutageLog } from "../../consumer/outage-log.ts";
import { systemTime } from "../../environment/time.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import { type TopicPartition, topicPartitionKey, type TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { createRecordedLog } from "./log.ts";

const at = (partition: number, offset: number): TopicPartitionOffset => ({ topic: "t", partition, offset });

/** A member whose group is assigning its partitions until {@link reassign} says who owns them. */
const rebalancingMember = (...owned: readonly number[]) => {
  const own = (...kept: readonly number[]) =>
    kept.map((partition) => ({ topic: "t", partition })).map((partition) => [topicPartitionKey(partition), partition] as const);
  let partitions = new Map<string, TopicPartition>(own(...owned));
  const reassignment = Promise.withResolvers<void>();
  let generation = 1;
  const attempts: { readonly generation: number; readonly offsets: readonly TopicPartitionOffset[] }[] = [];
  const { commit } = createGroupCommits({
    membership: {
      owned: (partition) => partitions.get(topicPartitionKey(partition)),
      identity: () => ({ memberId: "m", generation }),
      reassigned: () => reassignment.promise,
    },
    async commit(identity, offsets) {
      attempts.push({ generation: identity.generation, offsets });
      if (identity.generation === 1) throw new KafkaError("rebalanced", "ILLEGAL_GENERATION");
    },
    outages: createOutageLog(createRecordedLog(), "Kafka can be used again"),
    // Only a new assignment ends the waiting.
    time: { ...systemTime, setTimeout: () => undefined },
  });
  return {
    commit,
    attempts,
    /** @param kept stay with the member; @param back were somebody else's in between */
    reassign(kept: readonly number[], back: readonly number[] = []) {
      generation += 1;
      const keys = new Set(own(...kept).map(([key]) => key));
      partitions = new Map([...[...partitions].filter(([key]) => keys.has(key)), ...own(...back)]);
      reassignment.resolve();
    },
  };
};

test("a commit that Kafka refuses while the group assigns its partitions is made again when it has", async () => {
  const { commit, attempts, reassign } = rebalancingMember(0, 1);
  const committing = commit([at(0, 7), at(1, 8)]);
  reassign([0, 1]);
  expect(await committing).toEqual({ committed: [at(0, 7), at(1, 8)], lost: [] });
  expect(attempts.map(({ generation }) => generation)).toEqual([1, 2]);
});

test("what others may have owned in between is not committed again, since they may have committed more", async () => {
  const { commit, attempts, reassign } = rebalancingMember(0, 1, 2);
  const committing = commit([at(0, 7), at(1, 8), at(2, 9)]);
  reassign([0], [2]);
  expect(await committing).toEqual({ committed: [at(0, 7)], lost: [] });
  expect(attempts.at(-1)?.offsets).toEqual([at(0, 7)]);
});

test("partitions of other members are reported as lost and never committed", async () => {
  const { commit, attempts, reassign } = rebalancingMember(0);
  reassign([0]);
  expect(await commit([at(0, 7), at(1, 8)])).toEqual({ committed: [at(0, 7)], lost: [{ topic: "t", partition: 1 }] });
  expect(attempts).toEqual([{ generation: 2, offsets: [at(0, 7)] }]);
});
