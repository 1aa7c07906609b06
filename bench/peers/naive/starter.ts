import { startSmallWorker } from "../small-worker.ts";
import { consumeNaively } from "./consumer.ts";

/** As its only argument, in JSON. */
export type NaiveSettings = {
  readonly gatewayUrl: string;
  readonly authorization: string;
  readonly topic: string;
  /** Where its consumer reads; none runs without. */
  readonly consumerBrokers?: readonly string[];
};

const SOURCE = {
  resolveDir: import.meta.dirname,
  contents: 'import { handleNaively } from "./worker.ts"; export default { fetch: handleNaively };',
};

/** Starts the Worker in workerd and, in this process, the consumer that puts sums into its KV. Says where the Worker is. */
if (import.meta.main) {
  const { gatewayUrl, authorization, topic, consumerBrokers } = JSON.parse(process.argv[2] ?? "{}") as NaiveSettings;
  const { miniflare, url } = await startSmallWorker(SOURCE, {
    bindings: { KAFKA_REST_URL: gatewayUrl, KAFKA_REST_AUTHORIZATION: authorization, TOPIC: topic },
    kvNamespaces: ["REPLIES"],
    // Else every fetch of the Worker would go through a proxy of miniflare, which is JavaScript, and which no deployment has.
    outboundService: { external: { address: new URL(gatewayUrl).host, http: {} } },
  });
  if (consumerBrokers !== undefined) await consumeNaively(consumerBrokers, topic, await miniflare.getKVNamespace("REPLIES"));
  process.send?.({ type: "ready", url });
}
