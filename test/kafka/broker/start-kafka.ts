import { fork } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Admin } from "@platformatic/kafka";
import { until } from "../../helpers/stack.ts";
import { provideJars } from "./jars.ts";
import { addressOf, freePorts } from "./listeners.ts";
import { type KafkaNode, type StartedNode, startNode } from "./node.ts";
import type { OrphanWatchMessage } from "./orphan-watch.ts";
import { serverProperties } from "./server-properties.ts";
import { createKeystore, formatStorage, keystoreIn } from "./storage.ts";

/** A cluster of Apache Kafka, of real brokers on this machine. */
export type Kafka = {
  /** host:port of every node, for anybody without a password. */
  readonly brokers: readonly string[];
  /** The same, for {@link USERS} with SASL. */
  readonly saslBrokers: readonly string[];
  /** The same, for anybody who speaks TLS and trusts its certificate, which is its own. */
  readonly tlsBrokers: readonly string[];
  /** Empty if the cluster is somebody else's. */
  readonly nodes: readonly KafkaNode[];
  /** Where its files are, until it is removed. */
  readonly folder: string;
  /** Resolves once so many nodes serve, by default all of them. */
  ready(count?: number): Promise<void>;
  /** Kills every node and leaves nothing behind. */
  remove(): Promise<void>;
};

/**
 * Starts a cluster with no topics. With three nodes every topic has three replicas, of which two must have a record, so that any one node
 * can be lost. KAFKA_BROKERS names a cluster to use instead, which is left as it is.
 */
export const startKafka = async ({ nodes: count }: { readonly nodes: 1 | 3 }): Promise<Kafka> => {
  const given = process.env["KAFKA_BROKERS"];
  if (given !== undefined && given !== "") return givenKafka(given.split(","));

  const folder = mkdtempSync(join(tmpdir(), "rejoinder-kafka-"));
  const watch = fork(join(import.meta.dirname, "orphan-watch.ts"), [folder], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    detached: true,
  });
  const tell = (message: OrphanWatchMessage) => void (watch.connected && watch.send(message));
  const started: StartedNode[] = [];
  const remove = async () => {
    await Promise.all(started.map((node) => node.kill()));
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    if (watch.connected) watch.disconnect();
  };
  try {
    const keystore = keystoreIn(folder);
    const [jars, ...ports] = await Promise.all([provideJars(), ...Array.from({ length: count }, freePorts)]);
    const servers = ports.map((ports, index) => ({ id: index + 1, ports, logFolder: join(folder, `log-${index + 1}`) }));
    const propertiesFile = (id: number) => join(folder, `${id}.properties`);
    for (const server of servers) {
      await mkdir(server.logFolder);
      await writeFile(propertiesFile(server.id), serverProperties(server, { nodes: servers, keystore }));
    }
    await Promise.all([createKeystore(keystore), formatStorage(jars, servers, propertiesFile(1))]);
    for (const server of servers) {
      const files = { propertiesFile: propertiesFile(server.id), outputFile: join(folder, `${server.id}.txt`) };
      started.push(startNode({ jars, server, ...files, tell }));
    }
    const brokers = servers.map(({ ports }) => addressOf(ports.plaintext));
    const ready = (expected: number = count) => untilServing(brokers, expected, started);
    await ready();
    return {
      brokers,
      saslBrokers: servers.map(({ ports }) => addressOf(ports.sasl)),
      tlsBrokers: servers.map(({ ports }) => addressOf(ports.tls)),
      nodes: started,
      folder,
      ready,
      remove,
    };
  } catch (cause) {
    const outputs = started.map((node) => node.output()).join("\n");
    await remove();
    throw new Error(`Kafka did not start:\n${outputs}`, { cause });
  }
};

/** Waits until so many brokers are in service. */
const untilServing = async (brokers: readonly string[], count: number, nodes: readonly StartedNode[]): Promise<void> => {
  const admin = new Admin({
    clientId: "test-broker",
    bootstrapBrokers: [...brokers],
    retries: 0,
    connectTimeout: 1_000,
    requestTimeout: 5_000,
  });
  try {
    await until(async () => {
      if (nodes.filter((node) => !node.hasEnded()).length < count) throw new Error(`Expected ${count} nodes to run.`);
      const metadata = await admin.metadata({ topics: [], forceUpdate: true }).catch(() => undefined);
      return metadata?.brokers.size === count;
    });
  } finally {
    await admin.close();
  }
};

const givenKafka = (brokers: readonly string[]): Kafka => ({
  brokers,
  saslBrokers: [],
  tlsBrokers: [],
  nodes: [],
  folder: "",
  ready: async () => {},
  remove: async () => {},
});
