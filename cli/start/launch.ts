import { mkdir } from "node:fs/promises";
import type { Contract } from "../../contract/contract.ts";
import { untilShutdown } from "../../environment/shutdown-signal.ts";
import { PREFERRED_PORT, readStartConfig, type StartConfig } from "../config.ts";
import { createForkedPart, type Program } from "./forked-part.ts";
import { waitForHealth } from "./health.ts";
import { LEFTOVERS, endLeftover } from "./leftovers.ts";
import { lockDirectory } from "./lock.ts";
import { createPrefix, type WriteLine } from "../processes/log-lines.ts";
import type { Part } from "./part.ts";
import { createPartEnvironments, type Host, type ProcessEnvironment, type StartPlace } from "./part-environments.ts";
import { choosePort } from "./port.ts";
import { forgetProcess } from "../processes/process-record.ts";
import { removeRunningStart, writeRunningStart } from "./running-start.ts";
import { readOrCreateSecrets } from "./secrets.ts";
import { createSupervisor } from "./supervisor.ts";

export type LaunchOptions = {
  /** What plays each part. */
  readonly programs: { readonly gateway: Program; readonly worker: Program; readonly consumer: Program };
  /** What the Worker's program is. On Node it is its own gateway, or needs none. Default: workerd. */
  readonly host?: Host;
  /** Whether the Worker produces to the cluster itself, without the gateway. */
  readonly direct?: boolean | undefined;
  /** Whose topics there must be. */
  readonly contract: Contract;
  readonly environment: ProcessEnvironment;
  readonly write?: WriteLine;
};

/**
 * Runs the whole of rejoinder on this machine until it is told to stop: takes the directory, ends what an earlier start left
 * behind, starts the parts and prints `ready <url>`. Resolves once everything is gone.
 * @throws ConfigurationError, DirectoryLockedError, PortTakenError, PartFailedError: each says what to do.
 */
export const launch = async ({
  programs,
  host = "workerd",
  direct,
  contract,
  environment,
  write = console.log,
}: LaunchOptions): Promise<void> => {
  const config = readStartConfig(environment);
  const { directory } = config;
  const say = createPrefix("start", write, process.stdout.isTTY);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(directory);
  for (const name of LEFTOVERS) {
    const pid = await endLeftover(directory, name);
    if (pid !== undefined) say(`ended process ${pid}, the ${name} of an earlier start that was killed`);
  }
  const place = { ...(await choosePlace(config, host, say)), direct };
  if (direct) say("the Worker produces to Kafka itself");

  const environments = createPartEnvironments(place, readOrCreateSecrets(directory), environment, contract);
  const part = (name: keyof LaunchOptions["programs"]): Part =>
    createForkedPart({ name, program: programs[name], environment: environments[name], directory, write, say });
  const url = `http://127.0.0.1:${place.port}`;
  const supervisor = createSupervisor({
    gateway: host === "node" ? undefined : part("gateway"),
    worker: part("worker"),
    consumer: part("consumer"),
    waitForHealth: (signal) => waitForHealth(url, signal),
  });
  const stop = untilShutdown({ exitWithParent: config.exitWithParent, onAgain: () => void supervisor.kill() });
  const started = supervisor.start().then(() => {
    writeRunningStart({ ...place, url });
    write(`ready http://localhost:${place.port}`);
    const { gatewayPort } = place;
    process.send?.({ type: "ready", url, ...(gatewayPort !== undefined && { gatewayUrl: `http://127.0.0.1:${gatewayPort}` }) });
  });
  void stop.then(() => say("stopping; the same signal again ends everything at once"));
  try {
    await Promise.race([stop, started.then(() => stop)]);
  } finally {
    removeRunningStart(directory);
    await supervisor.stop();
    // The Worker's process may have been killed just now.
    for (const name of LEFTOVERS) await endLeftover(directory, name);
    forgetProcess(directory, "start");
    lock.release();
  }
};

/** Says what is not as one would expect. */
const choosePlace = async ({ directory, kafkaBrokers, ...named }: StartConfig, host: Host, say: WriteLine): Promise<StartPlace> => {
  if (host === "node") say("the Worker runs on Node");
  if (kafkaBrokers !== undefined) say(`on Kafka at ${kafkaBrokers}`);
  const port = await choosePort({
    part: "Worker",
    variable: "PORT",
    named: named.port,
    preferred: PREFERRED_PORT,
    reserved: named.gatewayPort,
  });
  if (named.port === undefined && port !== PREFERRED_PORT) say(`port ${PREFERRED_PORT} is taken, so the Worker listens at ${port}`);
  if (host === "node" && kafkaBrokers !== undefined) return { host, directory, kafkaBrokers, port, gatewayPort: undefined };
  const preferred = port + 1;
  const gatewayPort = await choosePort({ part: "gateway", variable: "GATEWAY_PORT", named: named.gatewayPort, preferred });
  if (named.gatewayPort === undefined && gatewayPort !== preferred)
    say(`port ${preferred} is taken, so the gateway listens at ${gatewayPort}`);
  return { host, directory, kafkaBrokers, port, gatewayPort };
};
