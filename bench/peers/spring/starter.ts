import { exitWhenTold } from "../../exit-when-told.ts";
import { provideJar } from "./jar.ts";
import { startJvm } from "./jvm.ts";

/**
 * Starts requester and responder, each a JVM of its own, says where the requester is, and waits to be told to end, or for whoever forked it
 * to be gone. Its arguments are the topics of requests and of replies, `linger.ms` of both producers, and the brokers. Killed, it takes both with it: their input ends.
 */
if (import.meta.main) {
  const [requests = "", replies = "", lingerMs = "", ...brokers] = process.argv.slice(2);
  const settings = {
    "spring.kafka.bootstrap-servers": brokers.join(","),
    "spring.kafka.producer.properties.linger.ms": lingerMs,
    "topic.requests": requests,
    "topic.replies": replies,
  };
  const folder = await provideJar();
  const jvms = await Promise.all([startJvm(folder, "requester", settings), startJvm(folder, "responder", settings)]);
  exitWhenTold(() => Promise.all(jvms.map((jvm) => jvm.stop())));
  process.send?.({ type: "ready", url: `http://127.0.0.1:${jvms[0].port}` });
}
