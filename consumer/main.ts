import { operations } from "../contract/operations.ts";
import { handledTopicsOf, respondedOperationsOf } from "../contract/contract.ts";
import { createLog } from "../environment/log.ts";
import { readOrExit } from "../environment/read-or-exit.ts";
import { untilShutdown } from "../environment/shutdown-signal.ts";
import { readConsumerConfig, type SourceConfig } from "./config.ts";
import { handlers } from "./handlers/index.ts";
import { replyTopicSink } from "./sinks/reply-topic.ts";
import { createSha256Hmac } from "./sinks/hmac.ts";
import { workerSink } from "./sinks/worker.ts";
import type { Source } from "./source.ts";
import { upstashSource } from "./sources/upstash.ts";
import { type Requesters, startConsumer } from "./start-consumer.ts";
import type { RunningConsumer } from "./start-flow.ts";
import { startRelay } from "./start-relay.ts";

const config = readOrExit(() => readConsumerConfig(process.env));
const log = createLog(config.log);
const { group, relayGroup, instance, workerUrl, concurrency } = config;

// What needs Kafka's client is loaded only here: that takes longer than all else that a consumer does to start.
const createSource = async (source: SourceConfig, group: string, topics: readonly string[]): Promise<Source> => {
  const common = { group, instance, topics, log };
  if (source.kind === "upstash") return upstashSource({ ...source, ...common });
  const { kafkaSource } = await import("./sources/kafka.ts");
  return kafkaSource({ ...source, ...common });
};

const createRequesters = async ({ source, requesters }: typeof config): Promise<Requesters | undefined> => {
  if (requesters === undefined || source.kind !== "kafka") return undefined;
  const { createKafkaProducer } = await import("../kafka/producer.ts");
  return { ...requesters, sink: replyTopicSink({ producer: createKafkaProducer(source.connection), log }) };
};

const sink = workerSink({ url: workerUrl, hmac: createSha256Hmac(config.replyKey) });
const requestTopics = [...new Set([...handledTopicsOf(operations), ...(config.requesters?.requestTopics.keys() ?? [])])];
const responded = respondedOperationsOf(operations);
const replyTopics = [...responded.keys()];
const consumers: RunningConsumer[] = [];
if (requestTopics.length > 0) {
  const source = await createSource(config.source, group, requestTopics);
  const requesters = await createRequesters(config);
  const replySource = `/consumer/${group}`;
  consumers.push(startConsumer({ contract: operations, handlers, source, sink, requesters, log, concurrency, replySource }));
}
if (replyTopics.length > 0) {
  const source = await createSource(config.source, relayGroup, replyTopics);
  consumers.push(startRelay({ operations: responded, source, sink, log, replySource: `/relay/${relayGroup}` }));
}

let stopping = false;
void untilShutdown({ exitWithParent: config.exitWithParent, onAgain: () => process.exit(1) }).then(async (reason) => {
  stopping = true;
  log.info({ reason }, "draining");
  await Promise.all(consumers.map((consumer) => consumer.drain(config.drainTimeoutMs)));
  log.info("drained");
  process.exit(0);
});

Promise.all(consumers.map(({ ended }) => ended)).catch((error) => {
  log.error({ err: error }, "the consumer broke");
  process.exit(1);
});
// If it fails, the end does too, and says why.
const isReady = await Promise.all(consumers.map(({ ready }) => ready)).then(
  () => true,
  () => false,
);
if (isReady && !stopping) {
  log.info({ group, instance, topics: requestTopics, workerUrl, source: config.source.kind }, "consuming");
  if (replyTopics.length > 0) log.info({ group: relayGroup, topics: replyTopics }, "relaying the replies of responders");
  process.send?.({ type: "ready" });
}
