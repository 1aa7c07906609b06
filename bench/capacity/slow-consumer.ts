import { setTimeout as delay } from "node:timers/promises";
import { readConsumerConfig } from "../../consumer/config.ts";
import type { AnyHandlers } from "../../consumer/handler.ts";
import { handlers } from "../../consumer/handlers/index.ts";
import { createSha256Hmac } from "../../consumer/sinks/hmac.ts";
import { workerSink } from "../../consumer/sinks/worker.ts";
import { upstashSource } from "../../consumer/sources/upstash.ts";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { handledTopicsOf } from "../../contract/contract.ts";
import { operations } from "../../contract/operations.ts";
import { createLog } from "../../environment/log.ts";
import { exitWhenTold } from "../exit-when-told.ts";

/** The consumer of `npm start`, but a sum takes as many milliseconds as its only argument says, and no processor. */
if (import.meta.main) {
  const { source: from, group, instance, concurrency, workerUrl, replyKey, drainTimeoutMs, log: logging } = readConsumerConfig(process.env);
  const log = createLog(logging);
  const common = { group, instance, topics: handledTopicsOf(operations), log };
  // As the real one: what is not needed takes no memory.
  const source =
    from.kind === "kafka"
      ? (await import("../../consumer/sources/kafka.ts")).kafkaSource({ ...from, ...common })
      : upstashSource({ ...from, ...common });
  const slowHandlers: AnyHandlers = {
    ...handlers,
    async sum(request, context) {
      await delay(Number(process.argv[2]), undefined, { signal: context.signal });
      return handlers.sum(request, context);
    },
  };
  const sink = workerSink({ url: workerUrl, hmac: createSha256Hmac(replyKey) });
  const replySource = `/consumer/${group}`;
  const consumer = startConsumer({ contract: operations, handlers: slowHandlers, source, sink, log, concurrency, replySource });
  exitWhenTold(() => consumer.drain(drainTimeoutMs));
  await consumer.ready;
  process.send?.({ type: "ready" });
  await consumer.ended;
}
