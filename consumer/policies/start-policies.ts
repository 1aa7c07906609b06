import { join } from "node:path";
import type { AnyAggregate } from "../../contract/aggregate.ts";
import { eventTopicOf } from "../../contract/aggregate.ts";
import type { Log } from "../../environment/log.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import { type TopicPartition, topicPartitionKey, type TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import type { EventLog } from "../events/event-log.ts";
import { createIntake } from "../intake.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "../observe/observer.ts";
import type { PersonalData } from "../personal/personal-data.ts";
import { createOutageLog } from "../outage-log.ts";
import type { Source } from "../source.ts";
import { reasonOf } from "../sources/retry.ts";
import type { RunningConsumer } from "../start-flow.ts";
import type { AnyPolicy } from "./policy.ts";
import { openPolicyFile, type PolicyFile } from "./policy-file.ts";
import { createPolicyPartition, type PolicyPartition } from "./policy-partition.ts";
import { createReactions, type Reactions } from "./reactions.ts";
import { createPolicySender } from "./sender.ts";

/** Policies by name, and the aggregates of their contract by name. */
type Definitions = {
  readonly policies: { readonly [name: string]: AnyPolicy };
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  /** Absent: no event has personal data. */
  readonly personal?: PersonalData | undefined;
};

export type StartPoliciesOptions = Definitions & {
  /** Of the {@link policyTopicsOf | topics}. A source that is asked on its own which partitions it has need not say so by {@link RunningPolicies.onRead}. */
  readonly source: Source;
  /** Closed when all has drained. */
  readonly eventLog: EventLog;
  /** Where the file of a partition is opened: a folder of its own in it. */
  readonly dataDir: string;
  readonly openFile?: (folder: string, log: Log) => PolicyFile;
  readonly log: Log;
  readonly observer?: ConsumerObserver | undefined;
  readonly maxWaitingBytes?: number | undefined;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

export type RunningPolicies = RunningConsumer & {
  /** To be told of each partition that the source reads, also if it has no records: its timers are to fire. */
  onRead(position: TopicPartitionOffset): void;
};

/** Records that wait for their partition. */
const MAX_RECORDS = 2_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** How often a source is asked for its partitions that does not tell of itself. */
const LOOK_MS = 10_000;

/** The topics of the aggregates that have policies, with what follows from their commits. */
const followedTopics = ({ policies, aggregates, personal }: Definitions): ReadonlyMap<string, () => Reactions> =>
  new Map(
    [...aggregates].flatMap(([name, aggregate]) => {
      const own = Object.entries(policies).filter(([, policy]) => policy.aggregate === aggregate);
      return own.length === 0
        ? []
        : [[eventTopicOf(name, aggregate), () => createReactions(name, aggregate, new Map(own), personal)] as const];
    }),
  );

/** The event topics that policies follow, each once. */
export const policyTopicsOf = (definitions: Definitions): readonly string[] => [...followedTopics(definitions).keys()];

/** Starts to follow events: each record of a commit that counts → what its policies send → committed. */
export const startPolicies = (options: StartPoliciesOptions): RunningPolicies => {
  const { source, eventLog, dataDir, openFile = openPolicyFile, log, observer = SILENT_OBSERVER, time = systemTime, random } = options;
  const { maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const reactions = new Map([...followedTopics(options)].map(([topic, create]) => [topic, create()]));
  const sender = createPolicySender({ eventLog, outages: createOutageLog(log, "what policies send is stored again"), time, random });
  const partitions = new Map<string, PolicyPartition>();
  /** Those that end, which hold their files until then. */
  const ending = new Map<string, Promise<void>>();
  const consuming = new AbortController();
  const closed = new AbortController();

  const partitionOf = ({ topic, partition }: TopicPartition): PolicyPartition | undefined => {
    const key = topicPartitionKey({ topic, partition });
    const known = partitions.get(key);
    const ofTopic = reactions.get(topic);
    if (known !== undefined || ofTopic === undefined || closed.signal.aborted) return known;
    const created = createPolicyPartition({
      partition: { topic, partition },
      reactions: ofTopic,
      sender,
      eventLog,
      isFree: ending.get(key),
      openFile: () => openFile(join(dataDir, "policies", `${topic}-${partition}`), log),
      onFollowed: observer.followed,
      onStopped: () => source.pause?.({ topic, partition }),
      log,
      time,
      random,
    });
    partitions.set(key, created);
    return created;
  };

  const release = async (gone: readonly TopicPartition[]): Promise<void> => {
    await Promise.all(
      gone.map(async (partition) => {
        const key = topicPartitionKey(partition);
        const known = partitions.get(key);
        partitions.delete(key);
        if (known !== undefined) {
          const end = known
            .close()
            .catch((error) => log.warn({ ...partition, err: error }, "the file of a partition's policies could not be closed"))
            .finally(() => ending.get(key) === end && ending.delete(key));
          ending.set(key, end);
        }
        await ending.get(key);
      }),
    );
  };

  const onRead = (position: TopicPartitionOffset): void => {
    if (!partitions.has(topicPartitionKey(position))) partitionOf(position)?.reach(position.offset);
  };

  /** Without records nobody else says which partitions are here. One that is behind will have some. */
  const look = async (lag: NonNullable<Source["lag"]>): Promise<void> => {
    const lags = await lag();
    const here = new Set(lags.map(topicPartitionKey));
    await release([...partitions.keys()].filter((key) => !here.has(key)).map(partitionOfKeyText));
    for (const { topic, partition } of lags) {
      if (partitions.has(topicPartitionKey({ topic, partition }))) continue;
      const { end } = await eventLog.ends({ topic, partition });
      // Asked again, since the group may have been behind the end that is known now.
      const now = (await lag()).find((one) => one.topic === topic && one.partition === partition);
      if (now?.lag === 0) onRead({ topic, partition, offset: end });
    }
  };

  const lookAround = async (): Promise<void> => {
    const { lag } = source;
    if (lag === undefined) return;
    while (!consuming.signal.aborted) {
      await look(lag).catch((error) => log.debug({ reason: reasonOf(error) }, "the partitions of policies could not be found out"));
      await pause(time, LOOK_MS, consuming.signal);
    }
  };

  const followed: Source = {
    ...source,
    open: (signal, onRevoked) =>
      source.open(signal, async (gone, over) => {
        await onRevoked(gone, over);
        await release(gone);
      }),
    async commit(positions) {
      const result = await source.commit(positions);
      await release(result.lost);
      return result;
    },
  };
  const intake = createIntake({
    source: followed,
    maxRecords: MAX_RECORDS,
    maxBytes: maxWaitingBytes,
    createProcessor: () => async (record) => (await partitionOf(record)?.process(record)) ?? false,
    draining: consuming.signal,
    log,
    observer,
    time,
  });
  observer.watch({ policies: () => [...partitions.values()].map(({ figures }) => figures) });

  const ready = intake.open();
  const ended = ready.then(() => {
    void lookAround();
    return intake.run();
  });
  return {
    ready,
    ended,
    onRead,
    async drain(timeoutMs) {
      consuming.abort();
      const cutOff = new AbortController();
      const timer = time.setTimeout(() => cutOff.abort(), timeoutMs);
      await intake.empty(cutOff.signal);
      time.clearTimeout(timer);
      closed.abort();
      const here = [...partitions.keys()].map(partitionOfKeyText);
      await Promise.all([intake.leave(), release(here)]);
      await Promise.all(ending.values());
      await eventLog.close();
    },
  };
};

const partitionOfKeyText = (key: string): TopicPartition => {
  const slash = key.indexOf("/");
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
};
