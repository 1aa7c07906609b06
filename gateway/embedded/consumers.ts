import type { Clock } from "../clock.ts";
import type { Batch, ConsumeRequest, ConsumerGroup, InstanceName, PartitionOffset } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Commits } from "./commits.ts";
import { createGroup, type Group } from "./group.ts";
import { type Consuming, type Instance, settleTaken, takeRecords, uncommitted } from "./instance.ts";
import type { LogFile } from "./log-file.ts";
import { findPartition, type Partition, type Topics } from "./partition.ts";
import { createWait } from "./wait.ts";

/** The consumer instances of all groups: their sessions, and what they consume and commit. */
export type Consumers = {
  consume(request: ConsumeRequest): Promise<Batch>;
  commit(name: InstanceName, offsets: readonly PartitionOffset[]): Promise<void>;
  remove(name: InstanceName): void;
  /** Says that an instance lives, if there is one. */
  renew(name: InstanceName): void;
  describe(): ConsumerGroup[];
  /** Ends all waiting, now and from now on. */
  drain(): void;
  /** Ends all instances, committing what auto-commit would. */
  close(): void;
};

export type ConsumersOptions = {
  readonly topics: Topics;
  readonly log: LogFile;
  readonly commits: Commits;
  readonly clock: Clock;
};

const NOTHING: Batch = { records: [], settle: () => {} };

export const createConsumers = ({ topics, log, commits, clock }: ConsumersOptions): Consumers => {
  const groups = new Map<string, Group>();
  let draining = false;

  const find = (name: InstanceName): { group: Group; instance: Instance } => {
    const group = groups.get(name.group);
    const instance = group?.instances.get(name.instance);
    if (group === undefined || instance === undefined)
      throw new GatewayError(
        404,
        `There is no instance ${JSON.stringify(name.instance)} in group ${JSON.stringify(name.group)}: it was not created by a consume, or its session ended.`,
      );
    return { group, instance };
  };

  const commitInBackground = (group: Group, instance: Instance): void =>
    commits.setInBackground(
      group.name,
      uncommitted(instance, (partition) => commits.of(group.name, partition)),
    );

  const create = (group: Group, { instance: name, topics: subscribed, options }: ConsumeRequest): Instance => {
    const instance: Instance = {
      name,
      options,
      topics: new Set(subscribed),
      positions: new Map(),
      consuming: undefined,
      seenAt: clock.now(),
      timers: new Map(),
    };
    watchSession(group, instance, options.sessionTimeoutMs);
    if (options.autoCommit) autoCommit(group, instance);
    group.instances.set(name, instance);
    group.rebalance();
    return instance;
  };

  const watchSession = (group: Group, instance: Instance, ms: number): void => {
    const check = (): void => {
      const { sessionTimeoutMs } = instance.options;
      if (instance.consuming?.waiting === true) instance.seenAt = clock.now();
      const left = instance.seenAt + sessionTimeoutMs - clock.now();
      if (left > 0) watchSession(group, instance, left);
      else end(group, instance);
    };
    instance.timers.set("session", clock.setTimeout(check, ms));
  };

  const autoCommit = (group: Group, instance: Instance): void => {
    const commit = (): void => {
      commitInBackground(group, instance);
      autoCommit(group, instance);
    };
    instance.timers.set("auto-commit", clock.setTimeout(commit, instance.options.autoCommitIntervalMs));
  };

  const end = (group: Group, instance: Instance): void => {
    for (const timer of instance.timers.values()) clock.clearTimeout(timer);
    group.instances.delete(instance.name);
    instance.positions.clear();
    instance.consuming?.wait.end();
    if (group.instances.size === 0) groups.delete(group.name);
    else group.rebalance();
  };

  const enter = (request: ConsumeRequest): { group: Group; instance: Instance } => {
    for (const topic of request.topics) findPartition(topics, { topic, partition: 0 });
    let group = groups.get(request.group);
    if (group === undefined) {
      group = createGroup(request.group, topics, commits);
      groups.set(request.group, group);
    }
    const known = group.instances.get(request.instance);
    if (known === undefined) return { group, instance: create(group, request) };
    known.seenAt = clock.now();
    if (known.consuming !== undefined)
      throw new GatewayError(409, `Instance ${JSON.stringify(known.name)} is consuming already: one consume at a time.`);
    const subscribed = new Set(request.topics);
    if (subscribed.size !== known.topics.size || [...subscribed].some((topic) => !known.topics.has(topic))) {
      known.topics = subscribed;
      group.rebalance();
    }
    return { group, instance: known };
  };

  const begin = (instance: Instance, request: ConsumeRequest): Consuming => {
    const wait = createWait({ timeoutMs: draining ? 0 : request.timeoutMs, signal: request.signal }, clock);
    return (instance.consuming = { wait, waiting: true });
  };

  return {
    async consume(request) {
      const { instance } = enter(request);
      const consuming = begin(instance, request);
      const finish = (): void => {
        consuming.wait.end();
        if (instance.consuming === consuming) instance.consuming = undefined;
      };
      try {
        for (;;) {
          // Nobody is there to be answered: what is taken now would only have to be put back.
          if (request.signal.aborted) break;
          const room = { records: request.maxRecords, bytes: request.maxBytes, empty: true };
          const { records, taken } = takeRecords(instance, log, room);
          if (records.length > 0) {
            consuming.waiting = false;
            consuming.wait.end();
            return {
              records,
              settle(written) {
                instance.seenAt = clock.now();
                settleTaken(taken, written);
                finish();
              },
            };
          }
          if (consuming.wait.isOver()) break;
          await consuming.wait.wokenBy(instance.positions.keys());
        }
      } catch (error) {
        finish();
        throw error;
      }
      instance.seenAt = clock.now();
      finish();
      return NOTHING;
    },
    async commit(name, offsets) {
      const { group, instance } = find(name);
      instance.seenAt = clock.now();
      if (offsets.length === 0)
        return commits.set(
          group.name,
          uncommitted(instance, (partition) => commits.of(group.name, partition)),
        );
      const wanted = new Map<Partition, number>();
      for (const place of offsets) wanted.set(ownedPartition(group, instance, place), place.offset);
      await commits.set(group.name, wanted);
    },
    remove(name) {
      const { group, instance } = find(name);
      if (instance.options.autoCommit) commitInBackground(group, instance);
      end(group, instance);
    },
    renew(name) {
      const instance = groups.get(name.group)?.instances.get(name.instance);
      if (instance !== undefined) instance.seenAt = clock.now();
    },
    describe: () => [...groups.values()].map((group) => group.describe()),
    drain() {
      draining = true;
      for (const group of groups.values()) for (const { consuming } of group.instances.values()) consuming?.wait.end();
    },
    close() {
      for (const group of groups.values()) {
        for (const instance of group.instances.values()) {
          if (instance.options.autoCommit) commitInBackground(group, instance);
          for (const timer of instance.timers.values()) clock.clearTimeout(timer);
        }
      }
      groups.clear();
    },
  };

  function ownedPartition(group: Group, instance: Instance, place: PartitionOffset): Partition {
    const partition = findPartition(topics, place);
    if (place.offset > partition.end)
      throw new GatewayError(
        400,
        `Expected the offset to be from 0 to ${partition.end}, the end of partition ${place.partition} of ${JSON.stringify(place.topic)}, got ${place.offset}.`,
      );
    if (group.owner(partition) !== instance)
      throw new GatewayError(
        409,
        `Instance ${JSON.stringify(instance.name)} does not own partition ${place.partition} of ${JSON.stringify(place.topic)}.`,
      );
    return partition;
  }
};
