// A REST controller with a ReplyingKafkaTemplate, and a listener that replies, each in a JVM of its own, which this file starts as a program.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { exitWhenTold } from "../../exit-when-told.ts";
import type { Cluster } from "../../kafka/cluster.ts";
import { provideApplication } from "../../maven-application.ts";
import { type StartedProgram, startProgram } from "../../processes.ts";

/** As many as the topic of requests has elsewhere. */
const PARTITIONS = 6;

/** Starts both; the first time, Maven builds them. @param lingerMs of the producers; the client's default is 5 @throws PartFailedError without Java or Maven */
export const startSpringPeer = async (cluster: Cluster, lingerMs: number): Promise<StartedProgram> => {
  const topics = [`spring-${lingerMs}-requests`, `spring-${lingerMs}-replies`];
  for (const topic of topics) await cluster.createTopic(topic, PARTITIONS);
  const args = [...topics, String(lingerMs), ...cluster.brokers];
  return startProgram({ name: `peer in Spring, linger ${lingerMs} ms`, file: import.meta.filename, args });
};

/** Memory is taken at once: growing the heap is not what is measured. */
const JAVA = ["-Xms512m", "-Xmx512m", "-jar", "peer.jar"];

/** Starts the application in one of its roles. Ends this process if it ends by itself; what it printed says why. */
const startJvm = async (folder: string, settings: Readonly<Record<string, string>>) => {
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const child = spawn("java", [...JAVA, ...args], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const exitWithIt = (): never => process.exit(1);
  child.once("exit", exitWithIt);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    pid: child.pid,
    port: (JSON.parse(line) as { readonly port: number | null }).port,
    /** It ends with its input, so also when this process is killed. */
    async stop() {
      const ended = once(child.off("exit", exitWithIt), "exit");
      child.stdin.end();
      await ended;
    },
  };
};

if (import.meta.main) {
  const [requests = "", replies = "", lingerMs = "", ...brokers] = process.argv.slice(2);
  const settings = {
    "spring.kafka.bootstrap-servers": brokers.join(","),
    "spring.kafka.producer.properties.linger.ms": lingerMs,
    "topic.requests": requests,
    "topic.replies": replies,
  };
  const folder = await provideApplication(import.meta.dirname);
  const start = (role: string) => startJvm(folder, { "spring.profiles.active": role, ...settings });
  const [requester, responder] = await Promise.all([start("requester"), start("responder")]);
  exitWhenTold(() => Promise.all([requester.stop(), responder.stop()]));
  process.send?.({ type: "ready", url: `http://127.0.0.1:${requester.port}`, pids: [requester.pid, responder.pid] });
}
