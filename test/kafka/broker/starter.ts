import { startKafka } from "./start-kafka.ts";

/** Starts a broker, says so, and waits to be killed. */
if (import.meta.main) {
  const { nodes, folder } = await startKafka({ nodes: 1 });
  process.send?.({ pids: nodes.map(({ pid }) => pid), folder });
}
