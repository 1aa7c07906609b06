import { fileURLToPath } from "node:url";
import { createPart } from "../../../cli/part.ts";
import { forkProgram, inheritedVariables } from "../../forked-program.ts";
import { startGatewayProcess } from "../../gateway/gateway-process.ts";
import type { MeasuredKafka } from "../../kafka/broker.ts";
import type { Removable } from "../../lifetime.ts";
import type { NaiveSettings } from "./starter.ts";

/** A Worker that produces by itself and looks into KV, with a gateway of its own. */
export type NaivePeer = Removable & { readonly url: string };

const PARTITIONS = 6;
const STARTER = fileURLToPath(new URL("starter.ts", import.meta.url));
const GRACE_MS = 5_000;

/** @param withConsumer whether a consumer replies to what is accepted */
export const startNaivePeer = async (kafka: MeasuredKafka, { withConsumer }: { readonly withConsumer: boolean }): Promise<NaivePeer> => {
  // Another topic for each: what is accepted without a consumer is never replied to.
  const topic = withConsumer ? "naive-requests" : "naive-accepted";
  const gateway = await startGatewayProcess(undefined, {
    GATEWAY_ENGINE: "kafka",
    KAFKA_BROKERS: kafka.brokers.join(","),
    GATEWAY_TOPICS: `${topic}:${PARTITIONS}`,
  });
  const settings: NaiveSettings = {
    gatewayUrl: gateway.url,
    authorization: gateway.authorization,
    topic,
    ...(withConsumer ? { consumerBrokers: kafka.brokers } : {}),
  };
  const part = createPart({
    name: "naive peer",
    say: console.error,
    spawn: () => forkProgram(STARTER, [JSON.stringify(settings)], inheritedVariables()),
  });
  const remove = async (): Promise<void> => {
    await part.stop(GRACE_MS);
    await gateway.remove();
  };
  try {
    const { url } = await part.start();
    return { url: String(url), remove };
  } catch (error) {
    await remove();
    throw error;
  }
};
