import { fileURLToPath } from "node:url";
import { createPart } from "../../../cli/part.ts";
import { forkProgram, inheritedVariables } from "../../forked-program.ts";
import type { MeasuredKafka } from "../../kafka/broker.ts";
import type { Removable } from "../../lifetime.ts";

/** A REST controller with a ReplyingKafkaTemplate, and a listener that replies, each in a JVM of its own. */
export type SpringPeer = Removable & { readonly url: string };

/** How long its producers wait for more records: not at all, and as long as the client does by default. */
export const LINGERS_MS = [0, 5] as const;

export type LingerMs = (typeof LINGERS_MS)[number];

/** As many as the topic of requests has elsewhere. */
const PARTITIONS = 6;
const STARTER = fileURLToPath(new URL("starter.ts", import.meta.url));
const GRACE_MS = 10_000;

/** Starts both; the first time, Maven builds them. @throws PartFailedError without Java or Maven. */
export const startSpringPeer = async (kafka: MeasuredKafka, lingerMs: LingerMs): Promise<SpringPeer> => {
  const topics = [`spring-${lingerMs}-requests`, `spring-${lingerMs}-replies`];
  for (const topic of topics) await kafka.createTopic(topic, PARTITIONS);
  const part = createPart({
    name: `peer in Spring, linger ${lingerMs} ms`,
    say: console.error,
    spawn: () => forkProgram(STARTER, [...topics, String(lingerMs), ...kafka.brokers], inheritedVariables()),
  });
  const { url } = await part.start();
  return { url: String(url), remove: () => part.stop(GRACE_MS) };
};
