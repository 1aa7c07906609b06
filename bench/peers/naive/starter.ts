import { build, stop as stopEsbuild } from "esbuild";
import { Miniflare, NoOpLog } from "miniflare";
import { consumeNaively } from "./consumer.ts";

/** As its only argument, in JSON. */
export type NaiveSettings = {
  readonly gatewayUrl: string;
  readonly authorization: string;
  readonly topic: string;
  /** Where its consumer reads; none runs without. */
  readonly consumerBrokers?: readonly string[];
};

/** Starts the Worker in workerd and, in this process, the consumer that puts sums into its KV. Says where the Worker is. */
if (import.meta.main) {
  const { gatewayUrl, authorization, topic, consumerBrokers } = JSON.parse(process.argv[2] ?? "{}") as NaiveSettings;
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-08-06",
    modules: [{ type: "ESModule", path: "worker.js", contents: await bundle() }],
    bindings: { KAFKA_REST_URL: gatewayUrl, KAFKA_REST_AUTHORIZATION: authorization, TOPIC: topic },
    kvNamespaces: ["REPLIES"],
    // Else every fetch of the Worker would go through a proxy of miniflare, which is JavaScript, and which no deployment has.
    outboundService: { external: { address: new URL(gatewayUrl).host, http: {} } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  await miniflare.ready;
  if (consumerBrokers !== undefined) await consumeNaively(consumerBrokers, topic, await miniflare.getKVNamespace("REPLIES"));
  process.once("SIGTERM", () => void miniflare.dispose().then(() => process.exit()));
  const url = await miniflare.unsafeGetDirectURL();
  process.send?.({ type: "ready", url: url.origin });
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: import.meta.dirname,
      contents: 'import { handleNaively } from "./worker.ts"; export default { fetch: handleNaively };',
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    logLevel: "silent",
  });
  await stopEsbuild();
  return outputFiles[0]?.text ?? "";
}
