import { exitWhenTold } from "../../../bench/exit-when-told.ts";
import { startKafka } from "./start-kafka.ts";

/** Starts a broker, says so, and waits to be killed, or told to end, or for whoever forked it to be gone. */
if (import.meta.main) {
  const { brokers, nodes, folder, remove } = await startKafka({ nodes: 1 });
  exitWhenTold(remove);
  process.send?.({ type: "ready", brokers, pids: nodes.map(({ pid }) => pid), folder });
}
