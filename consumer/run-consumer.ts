import { type Contract, findOperation, handledTopicsOf, partsOf, respondedOperationsOf, retriedTopicsOf } from "../contract/contract.ts";
import { createLog, type Log } from "../environment/log.ts";
import { ConfigurationError, type Environment } from "../environment/environment.ts";
import { exitIfMisconfigured, readOrExit } from "../environment/read-or-exit.ts";
import { untilShutdown } from "../environment/shutdown-signal.ts";
import { systemTime } from "../environment/time.ts";
import { retryTopicOf } from "../protocol/topics.ts";
import { createTracing } from "../protocol/tracing.ts";
import { VERSION } from "../protocol/version.ts";
import { createCancellations } from "./cancellations.ts";
import { type ConsumerConfig, readConsumerConfig, type SourceConfig } from "./config.ts";
import type { ConsumerDefinition } from "./define-consumer.ts";
import type { EventParts, startEventParts } from "./event-parts.ts";
import { createMailboxClock } from "./mailbox-clock.ts";
import { createLag, observeLag } from "./observe/lag.ts";
import { observeOnce } from "./observe/once.ts";
import type { Observation } from "./observe/observation.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "./observe/observer.ts";
import { sqliteOnce } from "./once/sqlite.ts";
import { replyTopicSink } from "./sinks/reply-topic.ts";
import { workerSinks, type WorkerSinksOptions } from "./sinks/worker.ts";
import { createSha256Hmac } from "./sinks/worker-signature.ts";
import type { MailboxSinks } from "./sink.ts";
import type { OnAssigned, Source } from "./source.ts";
import { upstashSource } from "./sources/upstash.ts";
import { type Requesters, startConsumer } from "./start-consumer.ts";
import type { RunningConsumer } from "./start-flow.ts";
import { startRelay } from "./relay.ts";

/**
 * Starts to consume as a configuration says: answers requests by the handlers, and relays the replies of responders. The consumer
 * is ready, ended and drained when both parts are.
 */
export const openConsumer = async (
  definition: ConsumerDefinition,
  config: ConsumerConfig,
  log: Log,
  outer: ConsumerObserver = SILENT_OBSERVER,
): Promise<RunningConsumer> => {
  const { contract, handlers, once, telemetry } = definition;
  const lag = createLag();
  const observer = observeLag(outer, lag);
  const { group, retryGroup, relayGroup, instance, workerUrl, concurrency, dataDir } = config;
  const onceStore = observeOnce(once ?? sqliteOnce({ folder: dataDir, log }), observer);
  const openSource = (group: string, topics: readonly string[], more: Partial<Pick<SourceOptions, "onAssigned" | "onRead">> = {}) =>
    createSource(config.source, { group, instance, topics, log, onRead: observer.read, ...more });

  const hmac = createSha256Hmac(config.replyKeys[0] as Uint8Array);
  const clock = createMailboxClock({ time: systemTime, log });
  const { time } = clock;
  /** Each flow has its own, which end when it has drained: late replies of responders that a relay catches up with never hold up those of handlers. */
  const openSinks = (
    instance: string,
    operations: readonly string[],
    more: Pick<WorkerSinksOptions, "cancellations" | "readLag"> = {},
  ): MailboxSinks =>
    workerSinks({ url: workerUrl, hmac, hello: { instance, version: VERSION, operations }, clock, ...more, observer, log });
  const requestTopics = [...new Set([...handledTopicsOf(contract), ...(config.requesters?.requestTopics.keys() ?? [])])];
  const responded = respondedOperationsOf(contract);
  const replyTopics = [...responded.keys()];
  const consumers: RunningConsumer[] = [];
  const events = await createEventParts(definition, config, {
    hmac,
    clock,
    openSource: (policyGroup, topics, onRead) => openSource(policyGroup, topics, { onRead }),
    log,
    observer,
    time,
  });
  const aggregates = events?.aggregates;
  if (requestTopics.length > 0) {
    const source = await openSource(group, requestTopics, aggregates && { onAssigned: aggregates.assigned });
    const retriedTopics = requestTopics.filter((topic) => isRetried(topic, contract, config));
    const retrySource = retriedTopics.length === 0 ? undefined : await openSource(retryGroup, retriedTopics.map(retryTopicOf));
    const requesters = await createRequesters(config, log);
    const cancellations = createCancellations();
    const sources = [source, ...(retrySource === undefined ? [] : [retrySource])];
    const readLag = async () => [...lag.list(), ...(await Promise.all(sources.map((one) => one.lag?.() ?? []))).flat()];
    const sinks = openSinks(instance, operationsOf(definition), { cancellations, readLag });
    const replySource = `/consumer/${group}`;
    const traced = telemetry && { tracing: createTracing(telemetry), group, instance };
    const callerSecrets = config.replyKeys;
    const parts = { source, retrySource, onceStore, sinks, cancellations, requesters, callerSecrets, log, observer, traced, time };
    consumers.push(startConsumer({ contract, handlers, commands: aggregates, ...parts, concurrency, replySource }));
  }
  if (replyTopics.length > 0) {
    const source = await openSource(relayGroup, replyTopics);
    const sinks = openSinks(`${instance}-relay`, []);
    consumers.push(startRelay({ operations: responded, source, sinks, log, observer, time, replySource: `/relay/${relayGroup}` }));
  }
  const policies = await events?.openPolicies();
  if (policies !== undefined) consumers.push(policies);

  const all = (promises: readonly Promise<void>[]): Promise<void> => Promise.all(promises).then(() => undefined);
  const ready = all([...consumers.map((consumer) => consumer.ready), ...(aggregates === undefined ? [] : [aggregates.checked])]);
  ready.then(
    () => {
      log.info({ group, instance, topics: requestTopics, workerUrl, source: config.source.kind }, "consuming");
      if (replyTopics.length > 0) log.info({ group: relayGroup, topics: replyTopics }, "relaying the replies of responders");
    },
    // If `ready` rejects, `ended` does too.
    () => {},
  );
  return {
    ready,
    ended: all([...consumers.map((consumer) => consumer.ended), ...(aggregates === undefined ? [] : [aggregates.checked])]),
    async drain(timeoutMs) {
      await all(consumers.map((consumer) => consumer.drain(timeoutMs)));
      await events?.close();
      await onceStore.close();
    },
  };
};

/**
 * Runs a consumer until this process is told to stop. It ends the process: with 0 once it has drained, with 1 if it broke or the
 * configuration is wrong.
 */
export const runConsumer = async (definition: ConsumerDefinition, environment: Environment): Promise<void> => {
  const config = readOrExit(() => readConsumerConfig(environment, definition.contract));
  const log = createLog(config.log);
  const observation = await observe(config, definition, log);
  const consumer = await openConsumer(definition, config, log, observation?.observer);

  let stopping = false;
  void untilShutdown({ exitWithParent: config.exitWithParent, onAgain: () => process.exit(1) }).then(async (reason) => {
    stopping = true;
    observation?.draining();
    log.info({ reason }, "draining");
    await consumer.drain(config.drainTimeoutMs);
    log.info("drained");
    process.exit(0);
  });

  consumer.ended.catch((error) => {
    log.error({ err: error }, "the consumer broke");
    process.exit(1);
  });
  // If `ready` rejects, `ended` does too, and the line above says why.
  const isReady = await consumer.ready.then(
    () => true,
    () => false,
  );
  if (isReady) observation?.joined();
  if (isReady && !stopping) process.send?.({ type: "ready" });
};

/** The operations that are answered here: those with handlers, and the commands of aggregates. */
const operationsOf = ({ handlers, deciders = {} }: ConsumerDefinition): readonly string[] => [
  ...Object.keys(handlers),
  ...Object.entries(deciders).flatMap(([name, { aggregate }]) => Object.keys(aggregate.commands).map((command) => `${name}.${command}`)),
];

/** What measures takes longer to load than the rest of a small consumer, so it is loaded only where somebody looks. */
const observe = async (
  { metrics: address }: ConsumerConfig,
  definition: ConsumerDefinition,
  log: Log,
): Promise<Observation | undefined> => {
  if (address === undefined) return undefined;
  const { startObservation } = await import("./observe/observation.ts");
  try {
    const observation = await startObservation(address, operationsOf(definition), Object.keys(definition.deciders ?? {}));
    log.info({ url: observation.url }, `health, readiness and metrics at ${observation.url}`);
    return observation;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return exitIfMisconfigured(
      new ConfigurationError([`METRICS_PORT: Port ${address.port} of ${address.host} is taken. Set it to a free one.`]),
    );
  }
};

type SourceOptions = {
  readonly group: string;
  readonly instance: string;
  readonly topics: readonly string[];
  readonly log: Log;
  readonly onRead: ConsumerObserver["read"];
  readonly onAssigned?: OnAssigned | undefined;
};

/** Whether requests of a topic may leave it for a retry topic. Requesters on Kafka have topics of their own for an operation. */
const isRetried = (topic: string, contract: Contract, { requesters }: ConsumerConfig): boolean => {
  const asked = requesters?.requestTopics.get(topic);
  return retriedTopicsOf(contract).includes(topic) || (asked !== undefined && findOperation(contract, asked)?.retry.order === "give-up");
};

/** Kafka's client is loaded only where it is needed: loading it takes longer than everything else at the start. */
const createSource = async (source: SourceConfig, options: SourceOptions): Promise<Source> => {
  if (source.kind === "upstash") return upstashSource({ ...source, ...options });
  const { kafkaSource } = await import("./sources/kafka.ts");
  return kafkaSource({ ...source, ...options });
};

/** What is there for events is loaded only where a contract has aggregates, which views and policies are of. */
const createEventParts = async (...[definition, ...rest]: Parameters<typeof startEventParts>): Promise<EventParts | undefined> => {
  if (partsOf(definition.contract).aggregates.size === 0) return undefined;
  const { startEventParts } = await import("./event-parts.ts");
  return startEventParts(definition, ...rest);
};

const createRequesters = async ({ source, requesters }: ConsumerConfig, log: Log): Promise<Requesters | undefined> => {
  if (requesters === undefined || source.kind !== "kafka") return undefined;
  const { createKafkaProducer } = await import("../kafka/producer.ts");
  return { ...requesters, sink: replyTopicSink({ producer: createKafkaProducer(source.connection), log }) };
};
