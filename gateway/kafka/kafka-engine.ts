import { openCluster } from "../../kafka/cluster.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import type { Log } from "../../environment/log.ts";
import { createBudget } from "../budgets.ts";
import type { DeclaredTopic, Engine } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import { createConsumers } from "../sessions/consumers.ts";
import { createWaits } from "../sessions/wait.ts";
import { createDirectory } from "../../kafka/directory.ts";
import { toldToCaller } from "./errors.ts";
import { createFetches } from "./fetches.ts";
import { measure } from "./gauges.ts";
import { createGroupRequests } from "../../kafka/group-requests.ts";
import { createKafkaGroups } from "./groups.ts";
import { createLogOffsets } from "../../kafka/log-offsets.ts";
import { readTopicSettings } from "../../kafka/topic-settings.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import { produceRecords } from "./produce.ts";
import { createTopics } from "./topics.ts";
import { makeDeclaredTopics } from "./declared-topics.ts";

export type KafkaEngineOptions = {
  readonly connection: KafkaConnection;
  /** The topics that are to exist, by name: made at start if they are not there, else left as they are. */
  readonly topics: ReadonlyMap<string, DeclaredTopic>;
  /** Replicas of topics that are made here. Absent: as many as the cluster gives by default. */
  readonly replicas?: number | undefined;
  /** How many partitions a topic gets that is used without having been declared. Absent: it is not made. */
  readonly partitionsOnDemand?: number | undefined;
  /** How many bytes of records may be on their way to the cluster. */
  readonly queueBytes?: number;
};

export type KafkaEngineSeams = { readonly time?: Time; readonly log: Pick<Log, "info" | "warn"> };

/** As much as the bodies that the gateway holds. */
const QUEUE_BYTES = 64 * 1024 * 1024;

/** So long closing waits for brokers that do not answer. */
const CLOSE_MS = 2_000;

/**
 * An engine on a Kafka cluster. It keeps nothing but where its instances are.
 * @throws KafkaError if the cluster cannot be reached, or a declared topic is not there and cannot be made
 */
export const openKafkaEngine = async (
  { connection, topics: declared, replicas, partitionsOnDemand, queueBytes = QUEUE_BYTES }: KafkaEngineOptions,
  { time = systemTime, log }: KafkaEngineSeams,
): Promise<Engine> => {
  const cluster = openCluster(connection);
  const { requests, connect } = cluster;
  const directory = createDirectory(requests, time);
  const topics = createTopics({ cluster, directory, time, replicas, partitionsOnDemand });
  try {
    await cluster.reach();
    await makeDeclaredTopics(declared, { topics, log });
  } catch (error) {
    await cluster.close();
    throw error;
  }
  const producer = createKafkaProducer(connection, time);
  const queue = createBudget(queueBytes, "The gateway has too many records on their way to Kafka.");
  const groupRequests = createGroupRequests(requests, time);
  const logOffsets = createLogOffsets(requests, directory, time);
  const waits = createWaits(time);
  const fetches = createFetches({ connect, directory, logOffsets, waits });
  const groups = createKafkaGroups({ connect, requests: groupRequests, directory, logOffsets, topics, time });
  const consumers = createConsumers({ groups, waits, time });

  return {
    topics: () => toldToCaller(topics.counts),
    configsOf: (topic) =>
      toldToCaller(async () => {
        await topics.require([{ topic, partition: 0 }]);
        return Object.fromEntries(await readTopicSettings(requests, topic, ["cleanup.policy", "retention.ms", "retention.bytes"]));
      }),
    provideTopics: (names, make) => toldToCaller(() => topics.provide(names, make)),
    async produce(records) {
      try {
        return await produceRecords(producer, queue, records);
      } catch (error) {
        // A topic may have been deleted, or got other leaders: the next call looks again.
        if (!(error instanceof GatewayError && error.status === 413)) directory.forget(records.map(({ topic }) => topic));
        throw error;
      }
    },
    fetch: (request) =>
      toldToCaller(async () => {
        await topics.require(request.offsets);
        return await fetches.fetch(request);
      }),
    consume: (request) =>
      toldToCaller(async () => {
        const counts = await topics.provide(new Set(request.topics), true);
        const missing = request.topics.find((topic) => !counts.has(topic));
        if (missing !== undefined) throw new GatewayError(404, `There is no topic ${JSON.stringify(missing)}.`);
        return await consumers.consume(request);
      }),
    commit: (name, offsets) => toldToCaller(() => consumers.commit(name, offsets)),
    committed: (name, partitions) =>
      toldToCaller(async () => {
        consumers.renew(name);
        await topics.require(partitions);
        return partitions.length === 0 ? [] : await groupRequests.committed(name.group, partitions);
      }),
    offsetsAt: (time, partitions) =>
      toldToCaller(async () => {
        await topics.require(partitions);
        return await logOffsets(time, partitions);
      }),
    consumers: async () => consumers.describe(),
    deleteConsumer: consumers.remove,
    health: () => toldToCaller(async () => void (await directory.all())),
    gauges: async () => measure(consumers, queue),
    drain: waits.drain,
    async close() {
      const finished = Promise.allSettled([consumers.close(), producer.close()]);
      // Whom the brokers do not let go in time they miss later.
      await Promise.race([finished, pause(time, CLOSE_MS)]);
      await fetches.close();
      await cluster.close();
    },
  };
};
