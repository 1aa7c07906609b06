import { mkdir } from "node:fs/promises";
import { readStartConfig } from "./config.ts";
import { createForkedPart, type Program } from "./forked-part.ts";
import { waitForHealth } from "./health.ts";
import { LEFTOVERS, endLeftover } from "./leftovers.ts";
import { lockDirectory } from "./lock.ts";
import { createPrefix, type WriteLine } from "./log-lines.ts";
import type { Part } from "./part.ts";
import { createPartEnvironments, type ProcessEnvironment } from "./part-environments.ts";
import { loadProject } from "./project.ts";
import { expectFreePort } from "./port.ts";
import { forgetProcess } from "./process-record.ts";
import { readOrCreateSecrets } from "./secrets.ts";
import { createSupervisor } from "./supervisor.ts";
import { untilShutdown } from "../environment/shutdown-signal.ts";

/** What plays each part. */
export type Programs = { readonly gateway: Program; readonly worker: Program; readonly consumer: Program };

/**
 * Runs the whole of rejoinder on this machine until it is told to stop: takes the directory, ends what an earlier start left
 * behind, starts the parts and prints `ready <url>`. Resolves once everything is gone.
 * @throws ConfigurationError, DirectoryLockedError, PortTakenError, PartFailedError: each says what to do.
 */
export const launch = async (programs: Programs, environment: ProcessEnvironment, write: WriteLine = console.log): Promise<void> => {
  const config = readStartConfig(environment);
  const say = createPrefix("start", write, process.stdout.isTTY);
  await mkdir(config.directory, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(config.directory);
  for (const name of LEFTOVERS) {
    const pid = await endLeftover(config.directory, name);
    if (pid !== undefined) say(`ended process ${pid}, the ${name} of an earlier start that was killed`);
  }
  if (config.kafkaBrokers !== undefined) say(`on Kafka at ${config.kafkaBrokers}`);
  await expectFreePort(config.port, "Worker", "PORT");
  await expectFreePort(config.gatewayPort, "gateway", "GATEWAY_PORT");

  const secrets = readOrCreateSecrets(config.directory);
  const environments = createPartEnvironments(config, secrets, environment, (await loadProject()).consumer.contract);
  const part = (name: keyof Programs): Part =>
    createForkedPart({ name, program: programs[name], environment: environments[name], directory: config.directory, write, say });
  const url = `http://127.0.0.1:${config.port}`;
  const supervisor = createSupervisor({
    gateway: part("gateway"),
    worker: part("worker"),
    consumer: part("consumer"),
    waitForHealth: (signal) => waitForHealth(url, signal),
  });
  const stop = untilShutdown({ exitWithParent: config.exitWithParent, onAgain: () => void supervisor.kill() });
  const started = supervisor.start().then(() => {
    write(`ready http://localhost:${config.port}`);
    process.send?.({ type: "ready", url, gatewayUrl: `http://127.0.0.1:${config.gatewayPort}` });
  });
  void stop.then(() => say("stopping; the same again ends it at once"));
  try {
    await Promise.race([stop, started.then(() => stop)]);
  } finally {
    await supervisor.stop();
    // The Worker's process may have been killed just now.
    for (const name of LEFTOVERS) await endLeftover(config.directory, name);
    forgetProcess(config.directory, "start");
    lock.release();
  }
};
