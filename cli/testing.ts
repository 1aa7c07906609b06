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
import { createPartEnvironments, type PartEnvironments } from "./start/part-environments.ts";
import { type Project, readProject } from "./project.ts";
import { readOrCreateSecrets } from "./start/secrets.ts";
import { createWorkerBindings } from "./worker/worker-bindings.ts";
import { startWorkerRuntime } from "./worker/worker-runtime.ts";

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
};

/** A handler that still runs when the test has ended may be cut off. */
const DRAIN_TIMEOUT_MS = 500;

/**
 * Starts an application for a test, on the real path: the Worker of this project in workerd, a gateway with a log of its own, and the consumer
 * with its handlers in this process. Everything is at free ports and in a temporary folder, so tests may run beside each other.
 *
 *     await using app = await startRejoinder(consumer); // what app/consumer.ts exports
 *     const { sum } = await app.client.request("sum", { a: 2, b: 3 });
 *
 * @param definition what `defineConsumer` returns; the handlers may be others than those that are deployed
 * @throws Error saying what to do: there is no project, its Worker does not compile or has another contract
 */
export const startRejoinder = async <const C extends Contract>(
  definition: ConsumerDefinition<C>,
  { directory: from = process.cwd() }: StartRejoinderOptions = {},
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
    const environmentsAt = (ports: { readonly port: number; readonly gatewayPort: number }): PartEnvironments =>
      createPartEnvironments({ ...ports, directory, kafkaBrokers: undefined }, secrets, environment, contract);

    // Records of a test need not survive a power cut.
    const gatewayConfig = readGatewayConfig({ ...environmentsAt({ port: 0, gatewayPort: 0 }).gateway, GATEWAY_FSYNC: "os" });
    const gateway = await openGateway(gatewayConfig, createLog(gatewayConfig));
    closers.push(() => gateway.stop());
    const gatewayPort = Number(new URL(gateway.url).port);

    const worker = await startWorkerRuntime({
      project,
      port: 0,
      directory: join(directory, "worker"),
      bindings: createWorkerBindings(environmentsAt({ port: 0, gatewayPort }).worker),
      onWorkerd(stdout, stderr) {
        forwardLines(stdout, console.log);
        forwardLines(stderr, console.error);
      },
    });
    closers.push(() => worker.close());
    await expectContract(contract, worker.url, project);

    const consumerEnvironment = environmentsAt({ port: Number(new URL(worker.url).port), gatewayPort }).consumer;
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
