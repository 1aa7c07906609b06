import { setTimeout as delay } from "node:timers/promises";
import { readConsumerConfig } from "../../consumer/config.ts";
import type { AnyHandlers, HandlerContext } from "../../consumer/handler.ts";
import { createSha256Hmac, workerSink } from "../../consumer/sinks/worker.ts";
import { upstashSource } from "../../consumer/sources/upstash.ts";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { handledTopicsOf } from "../../contract/contract.ts";
import consumerDefinition from "../../test/project/app/consumer.ts";
import { createLog } from "../../environment/log.ts";
import { untilShutdown } from "../../environment/shutdown-signal.ts";

/** The consumer of `npm start`, but for one handler: a sum takes as many milliseconds as its only argument says, and no processor. */
if (import.meta.main) {
  const handlerMs = Number(process.argv[2]);
  const { contract, handlers } = consumerDefinition;
  const config = readConsumerConfig(process.env, contract);
  const log = createLog(config.log);
  const { source, group, instance, concurrency, workerUrl, replyKey, drainTimeoutMs, exitWithParent } = config;
  const common = { group, instance, topics: handledTopicsOf(contract), log };
  // As the real one: what is not needed takes no memory.
  const createSource = async () => {
    if (source.kind === "upstash") return upstashSource({ ...source, ...common });
    const { kafkaSource } = await import("../../consumer/sources/kafka.ts");
    return kafkaSource({ ...source, ...common });
  };
  const slowHandlers: AnyHandlers = {
    ...handlers,
    async sum({ a, b }: { a: number; b: number }, { signal }: HandlerContext) {
      await delay(handlerMs, undefined, { signal });
      return { sum: a + b };
    },
  };
  const consumer = startConsumer({
    contract,
    handlers: slowHandlers,
    source: await createSource(),
    sink: workerSink({ url: workerUrl, hmac: createSha256Hmac(replyKey) }),
    log,
    concurrency,
    replySource: `/consumer/${group}`,
  });
  void untilShutdown({ exitWithParent }).then(async () => {
    await consumer.drain(drainTimeoutMs);
    process.exit(0);
  });
  await consumer.ready;
  process.send?.({ type: "ready" });
  await consumer.ended;
}
