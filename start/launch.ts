import { fork } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ROOT } from "./bundle.ts";
import { readStartConfig, type StartConfig } from "./config.ts";
import { lockDirectory } from "./lock.ts";
import { createPrefix, forwardLines, type WriteLine } from "./log-lines.ts";
import { createPart, type Part } from "./part.ts";
import { createPartEnvironments, type ProcessEnvironment } from "./part-environments.ts";
import { expectFreePort } from "./port.ts";
import { endRecorded, forgetProcess, recordProcess } from "./process-record.ts";
import { readOrCreateSecrets } from "./secrets.ts";
import { createSupervisor } from "./supervisor.ts";
import { untilToldToStop } from "./told-to-stop.ts";

/** A Node program that plays a part: says over IPC when it is ready, and ends at SIGTERM. */
export type Program = { readonly file: string; readonly args: readonly string[]; readonly nodeOptions?: readonly string[] };

export type Programs = { readonly gateway: Program; readonly worker: Program; readonly consumer: Program };

/** One of the programs of start/run.js. */
export const programOf = (name: string, nodeOptions: readonly string[] = []): Program => ({
  file: join(ROOT, "start/run.js"),
  args: [name],
  nodeOptions,
});

/** How long a process of an earlier start that was killed may take to end by itself. */
const LEFTOVER_GRACE_MS = 3_000;
const HEALTH_EVERY_MS = 25;

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
  for (const name of ["consumer", "worker", "wrangler", "workerd", "gateway"]) {
    const pid = await endRecorded(config.directory, name, name === "workerd" ? 0 : LEFTOVER_GRACE_MS);
    if (pid !== undefined) say(`ended process ${pid}, the ${name} of an earlier start that was killed`);
  }
  await expectFreePort(config.port, "Worker", "PORT");
  await expectFreePort(config.gatewayPort, "gateway", "GATEWAY_PORT");

  const secrets = readOrCreateSecrets(config.directory);
  const environments = createPartEnvironments(config, secrets, environment);
  const part = (name: keyof Programs): Part => createForkedPart(name, programs[name], environments[name], config, write);
  const url = `http://127.0.0.1:${config.port}`;
  const supervisor = createSupervisor({
    gateway: part("gateway"),
    worker: part("worker"),
    consumer: part("consumer"),
    waitForHealth: (signal) => waitForHealth(url, signal),
  });
  const stop = untilToldToStop({ exitWithParent: config.exitWithParent, onAgain: () => void supervisor.kill() });
  const started = supervisor.start().then(() => {
    write(`ready http://localhost:${config.port}`);
    process.send?.({ type: "ready", url, gatewayUrl: `http://127.0.0.1:${config.gatewayPort}` });
  });
  void stop.then(() => say("stopping; the same again ends it at once"));
  try {
    await Promise.race([stop, started.then(() => stop)]);
  } finally {
    await supervisor.stop();
    // Left behind if the Worker's process was killed just now.
    await endWorkerd(config.directory);
    for (const name of ["gateway", "worker", "consumer", "start"]) forgetProcess(config.directory, name);
    lock.release();
  }
};

const createForkedPart = (
  name: keyof Programs,
  { file, args, nodeOptions = [] }: Program,
  environment: ProcessEnvironment,
  { directory }: StartConfig,
  write: WriteLine,
): Part => {
  const prefixed = createPrefix(name, write, process.stdout.isTTY);
  return createPart({
    name,
    say: createPrefix("start", write, process.stdout.isTTY),
    spawn: () => {
      const child = fork(file, [...args], {
        cwd: ROOT,
        env: environment,
        execArgv: [...nodeOptions],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        // A group of its own: Ctrl-C reaches the supervisor only, which stops the parts in their order.
        detached: process.platform !== "win32",
      });
      for (const stream of [child.stdout, child.stderr]) if (stream !== null) forwardLines(stream, prefixed);
      if (child.pid !== undefined) recordProcess(directory, name, child.pid);
      return child;
    },
    beforeRestart: async () => {
      if (name === "worker") await endWorkerd(directory);
    },
  });
};

/** Ends what a killed Worker's process left behind, with its port and its files: workerd, or under `npm run dev` wrangler. */
const endWorkerd = async (directory: string): Promise<void> => {
  await endRecorded(directory, "wrangler", LEFTOVER_GRACE_MS);
  await endRecorded(directory, "workerd", 0);
};

const waitForHealth = async (url: string, signal: AbortSignal): Promise<void> => {
  for (;;) {
    const isHealthy = await fetch(`${url}/health`, { signal }).then(
      (response) => response.ok,
      () => false,
    );
    if (isHealthy) return;
    await wait(HEALTH_EVERY_MS, undefined, { signal });
  }
};
