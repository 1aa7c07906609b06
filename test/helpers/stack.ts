import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { recordedProcess } from "../../cli/processes/process-record.ts";
import type { Host } from "../../cli/start/part-environments.ts";
import { readOrCreateSecrets, type Secrets } from "../../cli/start/secrets.ts";
import { freePort, type RunningProcess, startProcess } from "./processes.ts";

/** What may run the Worker. */
export const HOSTS = ["workerd", "node"] as const satisfies readonly Host[];

export type StackProcess = "start" | "gateway" | "worker" | "workerd" | "consumer";

/** The processes of a stack: the supervisor and its parts. In workerd the Worker is beside the process that holds it; on Node it is its own gateway. */
export const PROCESSES: Readonly<Record<Host, readonly StackProcess[]>> = {
  workerd: ["start", "gateway", "worker", "workerd", "consumer"],
  node: ["start", "worker", "consumer"],
};

/** The arguments of `rejoinder start` for a host. */
export const startArguments = (host: Host): readonly string[] => (host === "node" ? ["--node"] : []);

export type StackOptions = {
  /** The folder of another application than the tests' own. */
  readonly project?: string;
  readonly host?: Host;
  /** Whether the Worker produces to the cluster itself. */
  readonly direct?: boolean;
};

/** Everything that `npm start` runs, on free ports, in a folder of its own. */
export type Stack = {
  /** Where the Worker is. */
  readonly url: string;
  readonly gatewayUrl: string;
  readonly dir: string;
  readonly secrets: Secrets;
  /** What the parts printed since the last start. */
  output(): string;
  /** The pid of a process that runs now; undefined while it does not. */
  pid(name: StackProcess): number | undefined;
  /** kill -9 of one process; resolves once another has taken its place and is ready, unless it was the supervisor. */
  crash(name: StackProcess): Promise<void>;
  /** kill -9 of all of them at once, as when the power fails. */
  crashAll(): Promise<void>;
  /** Ends it as whoever started it would; resolves to how it ended. The data stays. */
  stop(signal?: "SIGINT" | "SIGTERM"): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Starts it again with the same data on the same ports. */
  restart(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
};

/** Starts the real thing by the program behind `npm start`; `environment` is added to its environment. */
export const startStack = async (
  environment: Record<string, string> = {},
  { project, host = "workerd", direct = false }: StackOptions = {},
): Promise<Stack> => {
  const dir = mkdtempSync(join(tmpdir(), "rejoinder-stack-"));
  const { port, gatewayPort } = await freePorts();
  const variables = {
    REJOINDER_DIR: dir,
    PORT: String(port),
    GATEWAY_PORT: String(gatewayPort),
    EXIT_WITH_PARENT: "1",
    ...environment,
  };
  const options = { project, args: [...startArguments(host), ...(direct ? ["--direct"] : [])] };
  let running: RunningProcess = await startProcess("start", variables, options).catch((error: unknown) => {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  const pid = (name: StackProcess): number | undefined => recordedProcess(dir, name)?.pid;
  const stop: Stack["stop"] = async (signal = "SIGTERM") => {
    await running.stop(signal);
    return running.exited;
  };
  const url = `http://127.0.0.1:${port}`;
  const processes = PROCESSES[host];
  return {
    url,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    dir,
    secrets: readOrCreateSecrets(dir),
    output: () => running.output(),
    pid,
    async crash(name) {
      const victim = pid(name);
      if (victim === undefined) throw new Error(`Expected the ${name} to run`);
      const timesBack = () => running.output().split(`the ${name} is back`).length;
      const before = timesBack();
      process.kill(victim, "SIGKILL");
      await until(() => pid(name) !== victim);
      if (name === "start") await running.exited;
      // Nobody announces a new workerd: miniflare starts it by itself.
      else if (name === "workerd") await until(() => pid(name) !== undefined && isHealthy(url));
      else await until(() => timesBack() > before);
    },
    async crashAll() {
      const pids = processes.flatMap((name) => pid(name) ?? []);
      for (const victim of pids) process.kill(victim, "SIGKILL");
      await until(() => processes.every((name) => pid(name) === undefined));
      await running.exited;
    },
    stop,
    async restart() {
      running = await startProcess("start", variables, options);
    },
    async remove() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Looks until something outside this process has happened. The test's own time limit ends it. */
export const until = async (happened: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await happened())) await wait(20);
};

const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  );

const freePorts = async (): Promise<{ port: number; gatewayPort: number }> => {
  const port = await freePort();
  const gatewayPort = await freePort();
  return port === gatewayPort ? freePorts() : { port, gatewayPort };
};
