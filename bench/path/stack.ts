import { contract } from "../../test/project/app/contract.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, programOf } from "../../cli/forked-part.ts";
import { createPart, type Part } from "../../cli/part.ts";
import { createPartEnvironments, type PartEnvironments, type ProcessEnvironment } from "../../cli/part-environments.ts";
import { freePort } from "../../tools/free-port.ts";
import { readOrCreateSecrets } from "../../cli/secrets.ts";
import { forkProgram, inheritedVariables } from "../forked-program.ts";
import type { Fsync } from "../fsync.ts";
import { allToTheirEnd } from "../lifetime.ts";

/** Gateway, Worker and, once wanted, consumer: the processes of `npm start`, in a folder of their own. */
export type BenchStack = {
  readonly workerUrl: string;
  readonly gatewayUrl: string;
  /** `Authorization` for the gateway. */
  readonly authorization: string;
  readonly replySecret: string;
  /** Once for each consumer that is wanted. */
  startConsumer(options?: ConsumerOptions): Promise<void>;
  /** Ends workerd and the process that holds it; what the Worker stores stays. */
  stopWorker(): Promise<void>;
  /** Starts them again, on the same port. */
  startWorker(): Promise<void>;
  /** All that runs now. */
  processes(): readonly StackProcess[];
  /** Stops all of it and removes its folder. */
  remove(): Promise<void>;
};

/** `worker` holds `workerd`, which is a process of its own. */
export type StackProcess = { readonly name: keyof PartEnvironments | "workerd"; readonly pid: number };

export type ConsumerOptions = {
  /** Another program than that of `npm start`, which takes the same variables. */
  readonly program?: Program;
  readonly variables?: ProcessEnvironment;
};

export type StackOptions = {
  /** Another program than that of `npm start`, which takes the same variables. */
  readonly workerProgram?: Program;
  /** Of all processes, beside those that every measurement needs. */
  readonly variables?: ProcessEnvironment;
};

const GRACE_MS = 5_000;

/** What the stack keeps records in: a log of its own, or a cluster. */
export type StackLog = { readonly fsync: Fsync } | { readonly kafkaBrokers: readonly string[] };

/** Starts gateway and Worker without a consumer, so that nothing else takes the processor while accepting is measured. */
export const startBenchStack = async (log: StackLog, { workerProgram, variables = {} }: StackOptions = {}): Promise<BenchStack> => {
  const directory = await mkdtemp(join(tmpdir(), "rejoinder-bench-"));
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const secrets = readOrCreateSecrets(directory);
  const kafkaBrokers = "kafkaBrokers" in log ? log.kafkaBrokers.join(",") : undefined;
  const environments = createPartEnvironments(
    { port, gatewayPort, directory, kafkaBrokers },
    secrets,
    {
      ...inheritedVariables(),
      ...("fsync" in log ? { GATEWAY_FSYNC: log.fsync } : { KAFKA_BROKERS: kafkaBrokers }),
      LOG_LEVEL: "warn",
      ...variables,
    },
    contract,
  );
  /** The newest first, which is the order to stop them in. */
  let running: Running[] = [];
  const start = async (name: keyof PartEnvironments, { program = programOf(name), variables: own = {} }: ConsumerOptions = {}) => {
    let pid = 0;
    const spawn = () => {
      const child = forkProgram(program.file, program.args, { ...environments[name], ...own });
      pid = child.pid ?? 0;
      return child;
    };
    const part = createPart({ name, say: console.error, spawn });
    const processes: StackProcess[] = [];
    running.unshift({ part, processes });
    const { workerdPid } = await part.start();
    processes.push({ name, pid });
    if (typeof workerdPid === "number") processes.push({ name: "workerd", pid: workerdPid });
  };
  const startWorker = () => start("worker", workerProgram && { program: workerProgram });
  const remove = async (): Promise<void> => {
    for (const { part } of running) await part.stop(GRACE_MS);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await allToTheirEnd([start("gateway"), startWorker()]);
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
    startConsumer: (options) => start("consumer", options),
    async stopWorker() {
      for (const { part } of running.filter(isWorker)) await part.stop(GRACE_MS);
      running = running.filter((one) => !isWorker(one));
    },
    startWorker,
    processes: () => running.flatMap(({ processes }) => processes),
    remove,
  };
};

type Running = { readonly part: Part; readonly processes: readonly StackProcess[] };

const isWorker = ({ part }: Running): boolean => part.name === "worker";
