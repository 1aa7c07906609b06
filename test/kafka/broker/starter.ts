import { startKafka } from "./start-kafka.ts";

/** Starts a broker, says so, and waits to be killed, or told to end. */
if (import.meta.main) {
  const { brokers, nodes, folder, remove } = await startKafka({ nodes: 1 });
  process.once("SIGTERM", () => void remove().then(() => process.exit()));
  process.send?.({ type: "ready", brokers, pids: nodes.map(({ pid }) => pid), folder });
}
