import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOf } from "../../start/forked-part.ts";
import { createPart, type Part } from "../../start/part.ts";
import { createPartEnvironments } from "../../start/part-environments.ts";
import { freePort } from "../../start/port.ts";
import { readOrCreateSecrets } from "../../start/secrets.ts";
import { forkProgram, inheritedVariables } from "../forked-program.ts";
import type { Fsync } from "../fsync.ts";

/** Gateway, Worker and, once wanted, consumer: the processes of `npm start`, in a folder of their own. */
export type BenchStack = {
  readonly workerUrl: string;
  readonly gatewayUrl: string;
  /** `Authorization` for the gateway. */
  readonly authorization: string;
  readonly replySecret: string;
  startConsumer(): Promise<void>;
  /** Stops all of it and removes its folder. */
  remove(): Promise<void>;
};

const GRACE_MS = 5_000;

/** What the stack keeps records in: a log of its own, or a cluster. */
export type StackLog = { readonly fsync: Fsync } | { readonly kafkaBrokers: readonly string[] };

/** Starts gateway and Worker without a consumer, so that nothing else takes the processor while accepting is measured. */
export const startBenchStack = async (log: StackLog): Promise<BenchStack> => {
  const directory = await mkdtemp(join(tmpdir(), "rejoinder-bench-"));
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const secrets = readOrCreateSecrets(directory);
  const kafkaBrokers = "kafkaBrokers" in log ? log.kafkaBrokers.join(",") : undefined;
  const environments = createPartEnvironments({ port, gatewayPort, directory, kafkaBrokers, exitWithParent: true }, secrets, {
    ...inheritedVariables(),
    ...("fsync" in log ? { GATEWAY_FSYNC: log.fsync } : { KAFKA_BROKERS: kafkaBrokers }),
    LOG_LEVEL: "warn",
  });
  const parts: Part[] = [];
  const start = async (name: "gateway" | "worker" | "consumer"): Promise<void> => {
    const program = programOf(name);
    const part = createPart({ name, say: console.error, spawn: () => forkProgram(program.file, program.args, environments[name]) });
    parts.unshift(part);
    await part.start();
  };
  const remove = async (): Promise<void> => {
    for (const part of parts) await part.stop(GRACE_MS);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await start("gateway");
    await start("worker");
  } catch (error) {
    await remove();
    throw error;
  }
  const { UPSTASH_KAFKA_REST_USERNAME: username, UPSTASH_KAFKA_REST_PASSWORD: password } = environments.worker;
  return {
    workerUrl: `http://127.0.0.1:${port}`,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
    replySecret: secrets.REPLY_SECRET,
    startConsumer: () => start("consumer"),
    remove,
  };
};
