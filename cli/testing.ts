import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "../client/client.ts";
import { readConsumerConfig } from "../consumer/config.ts";
import type { ConsumerDefinition } from "../consumer/define-consumer.ts";
import { openConsumer } from "../consumer/run-consumer.ts";
import { type Contract, describeContract } from "../contract/contract.ts";
import type { OperationDescription } from "../contract/operation.ts";
import { createLog } from "../environment/log.ts";
import { readGatewayConfig } from "../gateway/config.ts";
import { openGateway } from "../gateway/run-gateway.ts";
import { forwardLines } from "./processes/log-lines.ts";
import { createPartEnvironments, type Host, type PartEnvironments } from "./start/part-environments.ts";
import { loadWorker, type Project, readProject } from "./project.ts";
import { readOrCreateSecrets } from "./start/secrets.ts";
import { createWorkerBindings } from "./worker/worker-bindings.ts";

export { type CommandOf, type Given, given, type Outcome, type Refusal } from "../consumer/deciders/given.ts";
export { type GivenEvents, givenEvents } from "../consumer/deciders/given-events.ts";

/** An application that runs for a test. Disposing of it ends all of it and removes what it kept. */
export type RunningRejoinder<C extends Contract> = AsyncDisposable & {
  /** Where its Worker is, without a slash at the end. */
  readonly url: string;
  /** Calls its operations, typed by its contract. */
  readonly client: Client<C>;
};

/** Options of {@link startRejoinder}. */
export type StartRejoinderOptions = {
  /** Where the project is that has the Worker: this folder or one above it. Default: the current folder. */
  readonly directory?: string;
  /** What runs the Worker: `workerd`, which is Cloudflare's runtime, or `node`, as `rejoinder serve` does. Default: `workerd`. */
  readonly host?: Host;
};

/** A handler that still runs when the test has ended may be cut off. */
const DRAIN_TIMEOUT_MS = 500;

/**
 * Starts an application for a test, on the real path: the Worker of this project in workerd or on Node, a gateway with a log of its own, and the
 * consumer with its handlers in this process. Everything is at free ports and in a temporary folder, so tests may run beside each other.
 *
 *     await using app = await startRejoinder(consumer); // what app/consumer.ts exports
 *     const { sum } = await app.client.request("sum", { a: 2, b: 3 });
 *
 * @param definition what `defineConsumer` returns; the handlers may be others than those that are deployed
 * @throws Error saying what to do: there is no project, its Worker does not compile or has another contract
 */
export const startRejoinder = async <const C extends Contract>(
  definition: ConsumerDefinition<C>,
  { directory: from = process.cwd(), host = "workerd" }: StartRejoinderOptions = {},
): Promise<RunningRejoinder<C>> => {
  const { contract } = definition;
  const project = readProject(from);
  const directory = await mkdtemp(join(tmpdir(), "rejoinder-test-"));
  const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const secrets = readOrCreateSecrets(directory);
    const environment = { LOG_LEVEL: process.env["LOG_LEVEL"] ?? "warn" };
    const environmentsAt = (ports: Ports): PartEnvironments =>
      createPartEnvironments({ ...ports, host, directory, kafkaBrokers: undefined }, secrets, environment, contract);

    const worker = await openWorker({ host, project, environmentsAt, directory, contract });
    closers.push(worker.close);
    await expectContract(contract, worker.url, project);

    const consumerEnvironment = environmentsAt({ port: portOf(worker.url), gatewayPort: portOf(worker.gatewayUrl) }).consumer;
    const consumerConfig = readConsumerConfig(consumerEnvironment, contract);
    const log = createLog(consumerConfig.log);
    const consumer = await openConsumer(definition, consumerConfig, log);
    consumer.ended.catch((error) => log.error({ err: error }, "the consumer broke"));
    closers.push(() => consumer.drain(DRAIN_TIMEOUT_MS));
    await consumer.ready;

    const client = createClient({ url: worker.url, contract });
    closers.push(async () => client.close());
    return { url: worker.url, client, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
};

type Ports = { readonly port: number; readonly gatewayPort: number };

const portOf = (url: string): number => Number(new URL(url).port);

/** A Worker and the log that it produces to. */
type OpenedWorker = { readonly url: string; readonly gatewayUrl: string; close(): Promise<void> };

type OpenWorkerOptions = {
  readonly host: Host;
  readonly project: Project;
  readonly contract: Contract;
  readonly directory: string;
  environmentsAt(ports: Ports): PartEnvironments;
};

/** Records and statuses of a test need not survive a power cut. */
const SYNC = { GATEWAY_FSYNC: "os", MAILBOX_FSYNC: "os" };

// Each host is imported where it is used: a project that runs on Node alone has no miniflare, and needs none.
const openWorker = async ({ host, project, contract, directory, environmentsAt }: OpenWorkerOptions): Promise<OpenedWorker> => {
  const anyPort = environmentsAt({ port: 0, gatewayPort: 0 });
  if (host === "node") {
    const [{ readServeConfig }, { openServedWorker }] = await Promise.all([
      import("./serve/config.ts"),
      import("./serve/served-worker.ts"),
    ]);
    const settings = await loadWorker(project);
    const config = readServeConfig({ ...anyPort.worker, ...SYNC }, { ...settings, contract });
    const served = await openServedWorker(settings, config, createLog(config.process));
    return { url: served.url, gatewayUrl: String(served.gatewayUrl), close: () => served.drain(DRAIN_TIMEOUT_MS) };
  }
  const { startWorkerRuntime } = await import("./worker/worker-runtime.ts");
  const config = readGatewayConfig({ ...anyPort.gateway, ...SYNC });
  const gateway = await openGateway(config, createLog(config));
  try {
    const worker = await startWorkerRuntime({
      project,
      port: 0,
      directory: join(directory, "worker"),
      bindings: createWorkerBindings(environmentsAt({ port: 0, gatewayPort: portOf(gateway.url) }).worker),
      onWorkerd(stdout, stderr) {
        forwardLines(stdout, console.log);
        forwardLines(stderr, console.error);
      },
    });
    const close = async (): Promise<void> => {
      await worker.close();
      await gateway.stop();
    };
    return { url: worker.url, gatewayUrl: gateway.url, close };
  } catch (error) {
    await gateway.stop();
    throw error;
  }
};

/** With another contract the Worker would refuse the test's requests, or the handlers would refuse the Worker's. */
const expectContract = async (contract: Contract, url: string, { workerEntry }: Project): Promise<void> => {
  const response = await fetch(`${url}/contract`);
  if (!response.ok)
    throw new Error(`Expected the Worker of ${workerEntry} to answer GET /contract, got ${response.status}: ${await response.text()}`);
  const { operations } = (await response.json()) as { operations: Readonly<Record<string, OperationDescription>> };
  const own = describeContract(contract);
  const differing = [...new Set([...Object.keys(own), ...Object.keys(operations)])].filter(
    (name) => own[name]?.fingerprint !== operations[name]?.fingerprint,
  );
  if (differing.length === 0) return;
  throw new Error(
    `Expected the contract of the given consumer, got another one from the Worker of ${workerEntry}: they differ in ${differing.join(", ")}. ` +
      "Give defineWorker and defineConsumer the same contract.",
  );
};
