import { operations } from "../contract/operations.ts";
import { topicsOf } from "../contract/contract.ts";
import { ConfigurationError } from "../environment/environment.ts";
import { createLog } from "../environment/log.ts";
import { untilToldToStop } from "../environment/told-to-stop.ts";
import { createKafkaProducer } from "../kafka/producer.ts";
import { importWebhookKey } from "../protocol/webhook-signature.ts";
import { readConsumerConfig, type SourceConfig } from "./config.ts";
import { handlers } from "./handlers/index.ts";
import { replyTopicSink } from "./sinks/reply-topic.ts";
import { workerSink } from "./sinks/worker.ts";
import type { Source } from "./source.ts";
import { kafkaSource } from "./sources/kafka.ts";
import { upstashSource } from "./sources/upstash.ts";
import { type Requesters, startConsumer } from "./start-consumer.ts";

const readConfig = () => {
  try {
    return readConsumerConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
};

const config = readConfig();
const log = createLog(config.log);
const { group, instance, workerUrl, requesters } = config;
const topics = [...new Set([...topicsOf(operations), ...(requesters?.requestTopics.keys() ?? [])])];

const createSource = (source: SourceConfig): Source => {
  const common = { group, instance, topics, log };
  return source.kind === "kafka" ? kafkaSource({ ...source, ...common }) : upstashSource({ ...source, ...common });
};

const createRequesters = (source: SourceConfig): Requesters | undefined => {
  if (requesters === undefined || source.kind !== "kafka") return undefined;
  return { ...requesters, sink: replyTopicSink({ producer: createKafkaProducer(source.connection), log }) };
};

const consumer = startConsumer({
  contract: operations,
  handlers,
  source: createSource(config.source),
  sink: workerSink({ url: workerUrl, key: await importWebhookKey(config.replyKey) }),
  requesters: createRequesters(config.source),
  log,
  concurrency: config.concurrency,
  replySource: `/consumer/${group}`,
});

let stopping = false;
void untilToldToStop({ exitWithParent: config.exitWithParent, onAgain: () => process.exit(1) }).then(async (reason) => {
  stopping = true;
  log.info({ reason }, "draining");
  await consumer.drain(config.drainTimeoutMs);
  log.info("drained");
  process.exit(0);
});

consumer.ended.catch((error) => {
  log.error({ err: error }, "the consumer broke");
  process.exit(1);
});
// If it fails, the end does too, and says why.
const isReady = await consumer.ready.then(
  () => true,
  () => false,
);
if (isReady && !stopping) {
  log.info({ group, instance, topics, workerUrl, source: config.source.kind }, "consuming");
  process.send?.({ type: "ready" });
}
