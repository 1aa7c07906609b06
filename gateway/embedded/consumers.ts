import { createBatch } from "../batch.ts";
import type { Clock } from "../clock.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import type { Batch, ConsumeRequest, InstanceName } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Commits } from "./commits.ts";
import { type Consuming, type Instance, settleTaken, type Taking, takeRecords, uncommitted } from "./instance.ts";
import { type LogFile, readInto } from "./log-file.ts";
import type { Member, Membership } from "./membership.ts";
import { findPartition, type Partition, requireWithinEnd, type Topics } from "./partition.ts";
import { createWait } from "./wait.ts";

/** What instances consume and commit. */
export type Consumers = {
  consume(request: ConsumeRequest): Promise<Batch>;
  commit(name: InstanceName, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Ends all waiting, now and from now on. */
  drain(): void;
};

export type ConsumersOptions = {
  readonly topics: Topics;
  readonly log: LogFile;
  readonly commits: Commits;
  readonly membership: Membership;
  readonly clock: Clock;
};

export const createConsumers = ({ topics, log, commits, membership, clock }: ConsumersOptions): Consumers => {
  let draining = false;

  const takeOrWait = async (instance: Instance, { wait }: Consuming, request: ConsumeRequest): Promise<Taking> => {
    // Nobody is there to be answered once it is aborted: what is taken then would only have to be put back.
    while (!request.signal.aborted) {
      const taking = readInto(request.room, (room) => takeRecords(instance, log, room));
      if (taking.records.length > 0 || wait.isOver()) return taking;
      await wait.wokenBy(instance.positions.keys());
    }
    return { records: [], taken: [] };
  };

  const ownedPartition = ({ group, instance }: Member, place: TopicPartitionOffset): Partition => {
    const partition = findPartition(topics, place);
    requireWithinEnd(partition, place.offset);
    if (group.owner(partition) !== instance)
      throw new GatewayError(
        409,
        `Instance ${JSON.stringify(instance.name)} does not own partition ${place.partition} of ${JSON.stringify(place.topic)}.`,
      );
    return partition;
  };

  return {
    async consume(request) {
      for (const topic of request.topics) findPartition(topics, { topic, partition: 0 });
      const { instance } = membership.enter(request);
      const wait = createWait({ timeoutMs: draining ? 0 : request.timeoutMs, signal: request.signal }, clock);
      const consuming: Consuming = { wait, waiting: true };
      instance.consuming = consuming;
      const finish = (): void => {
        instance.seenAt = clock.now();
        instance.consuming = undefined;
      };
      try {
        const { records, taken } = await takeOrWait(instance, consuming, request);
        consuming.waiting = false;
        return createBatch({ records, settle: (written) => settleTaken(taken, written), finish });
      } catch (error) {
        finish();
        throw error;
      } finally {
        wait.end();
      }
    },
    async commit(name, offsets) {
      const member = membership.find(name);
      const { group, instance } = member;
      if (offsets.length === 0)
        return commits.set(
          group.name,
          uncommitted(instance, (partition) => commits.of(group.name, partition)),
        );
      await commits.set(group.name, new Map(offsets.map((place) => [ownedPartition(member, place), place.offset])));
    },
    drain() {
      draining = true;
      for (const { consuming } of membership.instances()) consuming?.wait.end();
    },
  };
};
