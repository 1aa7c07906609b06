import type { ConsumerGroup } from "../engine.ts";
import { assignPartitions } from "../../kafka/assignment.ts";
import type { Commits } from "./commits.ts";
import { type Instance, type Position, uncommitted } from "./instance.ts";
import { type Partition, startOf, type Topics } from "./partition.ts";

/** The instances of a consumer group, and who of them owns which partition. No time, no I/O of its own. */
export type Group = {
  readonly name: string;
  readonly instances: Map<string, Instance>;
  owner(partition: Partition): Instance | undefined;
  /** Shares the partitions out anew: after an instance came, went, or changed its topics. Wakes whoever was given something. */
  rebalance(): void;
  describe(): ConsumerGroup;
};

export const createGroup = (name: string, topics: Topics, commits: Pick<Commits, "of" | "setInBackground">): Group => {
  const instances = new Map<string, Instance>();
  let owners: ReadonlyMap<Partition, string> = new Map();

  const committed = (partition: Partition): number | undefined => commits.of(name, partition);

  const revoke = (instance: Instance): void => {
    const lost = [...instance.positions.keys()].filter((partition) => owners.get(partition) !== instance.name);
    if (lost.length === 0) return;
    if (instance.options.autoCommit) commits.setInBackground(name, uncommitted(instance, committed));
    for (const partition of lost) instance.positions.delete(partition);
  };

  const beginning = ({ options }: Instance, partition: Partition): Position => {
    const resets = { earliest: startOf(partition), latest: partition.end, none: undefined };
    const offset = committed(partition);
    // A power cut may have taken records that were committed already: never wait beyond the end.
    const next = offset === undefined ? resets[options.autoOffsetReset] : Math.min(offset, partition.end);
    return { next, delivered: undefined };
  };

  return {
    name,
    instances,
    owner(partition) {
      const owner = owners.get(partition);
      return owner === undefined ? undefined : instances.get(owner);
    },
    rebalance() {
      const members = new Map([...instances.values()].map((instance) => [instance.name, instance.topics]));
      owners = assignPartitions(members, [...topics.values()].flat(), owners);
      // First everybody lets go, so that what they commit is where the next owner begins.
      for (const instance of instances.values()) revoke(instance);
      for (const [partition, owner] of owners) {
        const instance = instances.get(owner);
        if (instance === undefined || instance.positions.has(partition)) continue;
        instance.positions.set(partition, beginning(instance, partition));
        instance.consuming?.wait.wake();
      }
    },
    describe: () => ({
      name,
      instances: [...instances.values()].map((instance) => ({
        name: instance.name,
        topics: [...instance.topics].map((topic) => ({
          topic,
          partitions: [...instance.positions.keys()]
            .filter((partition) => partition.topic === topic)
            .map(({ partition }) => partition)
            .sort((a, b) => a - b),
        })),
      })),
    }),
  };
};
