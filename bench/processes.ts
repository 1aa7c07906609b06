import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, programOf } from "../cli/start/forked-part.ts";
import { createPart, PartFailedError, type ReadyMessage } from "../cli/start/part.ts";
import { createPartEnvironments, type Host, type ProcessEnvironment } from "../cli/start/part-environments.ts";
import { freePort } from "../tools/free-port.ts";
import { readOrCreateSecrets } from "../cli/start/secrets.ts";
import { partOf } from "./application.ts";
import { contractOn } from "./contract.ts";
import type { Life } from "./life/handlers.ts";
import type { Result, Say } from "./result.ts";

/** A process that is ready to be used. Disposing of it ends it. `url` is where it serves, if it does. */
export type StartedProgram = AsyncDisposable & {
  readonly pid: number;
  readonly ready: ReadyMessage;
  readonly url: string;
  readonly child: ChildProcess;
};

export type ProgramOptions = Program & {
  /** What it is called if it fails. */
  readonly name: string;
  readonly variables?: ProcessEnvironment;
  /** What it is sent as soon as it runs. */
  readonly input?: Serializable;
  /** The folder that it runs in. Default: the application of the tests. */
  readonly project?: string;
};

const GRACE_MS = 10_000;

/** The application that is measured: that of the tests. */
const PROJECT = join(import.meta.dirname, "../test/project");

/** Nothing else of the bench's own environment may change what is measured. */
const inheritedVariables = (): ProcessEnvironment => {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
};

/** Forks a program and waits until it is ready. It prints only errors. @throws PartFailedError if it ends before */
export const startProgram = async ({ name, file, args, variables, input, project = PROJECT }: ProgramOptions): Promise<StartedProgram> => {
  let child: ChildProcess | undefined;
  const spawn = (): ChildProcess => {
    child = fork(file, [...args], {
      env: { ...inheritedVariables(), ...variables },
      cwd: project,
      execArgv: ["--conditions=@rejoinder/source"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    if (input !== undefined) child.send(input);
    return child;
  };
  const part = createPart({ name, say: console.error, spawn });
  const ready = await part.start();
  const running = child as unknown as ChildProcess;
  return { pid: running.pid ?? 0, ready, url: String(ready["url"]), child: running, [Symbol.asyncDispose]: () => part.stop(GRACE_MS) };
};

/** Waits for several things that are being started at once. If one of them fails, disposes of the others and rejects. */
export const startTogether = async <Started extends readonly AsyncDisposable[] | []>(starting: {
  readonly [Index in keyof Started]: Promise<Started[Index]>;
}): Promise<AsyncDisposable & { readonly started: Started }> => {
  const settled = await Promise.allSettled(starting as readonly Promise<AsyncDisposable>[]);
  const started = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const disposeOfAll = async () => void (await Promise.all(started.map((one) => one[Symbol.asyncDispose]())));
  const failed = settled.find((one) => one.status === "rejected");
  if (failed === undefined) return { started: started as readonly AsyncDisposable[] as Started, [Symbol.asyncDispose]: disposeOfAll };
  await disposeOfAll();
  throw failed.reason;
};

/** Measures with programs that may be missing on this machine: if one of them does not start, says so, and what it takes. */
export const measureIfStarted = async (what: string, takes: string, say: Say, measure: () => Promise<readonly Result[]>) => {
  try {
    return await measure();
  } catch (error) {
    if (!(error instanceof PartFailedError)) throw error;
    say(`NOT MEASURED ${what}: ${error.message}. It takes ${takes}.`);
    return [];
  }
};

/** Where requests to a gateway go, or to a server in its place. */
export type Server = { readonly url: string; readonly authorization: string };

/** When the gateway's log reaches the disk: before each answer, or when the system sees fit. */
export const FSYNCS = ["always", "os"] as const;

export type Fsync = (typeof FSYNCS)[number];

/** What keeps the records: the gateway's own log, or a cluster. */
export type StackLog = { readonly fsync: Fsync } | { readonly kafkaBrokers: readonly string[] };

const toVariables = (log: StackLog): ProcessEnvironment =>
  "fsync" in log ? { GATEWAY_FSYNC: log.fsync } : { GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: log.kafkaBrokers.join(",") };

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** A temporary folder, which is removed when it is disposed of. */
const createFolder = async () => {
  const path = await mkdtemp(join(tmpdir(), "rejoinder-bench-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

/** The gateway of `npm run gateway`, in a process and a folder of its own. */
export type Gateway = AsyncDisposable & Server & { readonly pid: number };

/** @param topics such as `requests:6` */
export const startGateway = async (log: StackLog, topics: readonly string[], variables: ProcessEnvironment = {}): Promise<Gateway> => {
  await using cleanUp = new AsyncDisposableStack();
  const { path } = cleanUp.use(await createFolder());
  const own = { LOG_LEVEL: "warn", EXIT_WITH_PARENT: "1", GATEWAY_PORT: "0", GATEWAY_DATA_DIR: path, GATEWAY_CREDENTIALS: "bench:bench" };
  const all = { ...own, GATEWAY_TOPICS: topics.join(","), ...toVariables(log), ...variables };
  const { pid, url } = cleanUp.use(await startProgram({ name: "gateway", ...programOf("gateway"), variables: all }));
  const started = cleanUp.move();
  return { url, authorization: basic("bench", "bench"), pid, [Symbol.asyncDispose]: () => started.disposeAsync() };
};

/** The processes of `npm start`, in a folder of their own. */
export type Stack = AsyncDisposable & {
  readonly workerUrl: string;
  readonly replySecret: string;
  /** By name. `worker` is the Worker, or holds `workerd`, which is a process of its own. */
  readonly pids: Readonly<Record<string, number>>;
};

export type StackOptions = {
  /** Where the Worker runs. */
  readonly host?: Host;
  /** Whether a Worker in workerd produces to a cluster by itself, without a gateway. On Node it always does. */
  readonly isDirect?: boolean;
  /** Of its requests. A cluster that several stacks share has one for each. */
  readonly topic?: string;
  /** Without one, nothing else takes the processor while accepting is measured. */
  readonly withConsumer?: boolean;
  /** How long the handler of a sum takes, using no processor. */
  readonly handlerMs?: number;
  /** Which other handlers the consumer has. */
  readonly life?: Life;
  /** Another program than that of `npm start`, which takes the same variables. */
  readonly workerProgram?: Program;
  readonly variables?: ProcessEnvironment;
};

export const startStack = async (log: StackLog, options: StackOptions = {}): Promise<Stack> => {
  const { host = "workerd", isDirect = host === "node", topic = "requests", withConsumer = true, handlerMs, life, variables } = options;
  const { workerProgram = partOf(host === "node" ? "serve" : "worker", topic) } = options;
  await using cleanUp = new AsyncDisposableStack();
  const { path: directory } = cleanUp.use(await createFolder());
  const [port, freeGatewayPort] = [await freePort(), await freePort()];
  const secrets = readOrCreateSecrets(directory);
  const kafkaBrokers = "fsync" in log ? undefined : log.kafkaBrokers.join(",");
  const gatewayPort = kafkaBrokers !== undefined && isDirect ? undefined : freeGatewayPort;
  const environments = createPartEnvironments(
    { host, port, gatewayPort, directory, kafkaBrokers, direct: isDirect },
    secrets,
    { ...inheritedVariables(), ...toVariables(log), LOG_LEVEL: "warn", CONSUMER_GROUP: topic, ...variables },
    contractOn(topic),
  );
  const start = async (name: keyof typeof environments, program: Program) =>
    cleanUp.use(await startProgram({ name, ...program, variables: environments[name] }));
  // On Node, the Worker is its own gateway.
  const gateway = host === "node" || gatewayPort === undefined ? undefined : await start("gateway", programOf("gateway"));
  const worker = await start("worker", workerProgram);
  const consumer = withConsumer ? await start("consumer", partOf("consumer", topic, handlerMs, life)) : undefined;
  const started = cleanUp.move();
  return {
    workerUrl: `http://127.0.0.1:${port}`,
    replySecret: secrets.REPLY_SECRET,
    pids: {
      ...(host === "workerd" && { workerd: Number(worker.ready["workerdPid"]) }),
      worker: worker.pid,
      ...(gateway && { gateway: gateway.pid }),
      ...(consumer && { consumer: consumer.pid }),
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
};
