import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export { freePort } from "../../tools/free-port.ts";

const RUN = fileURLToPath(new URL("../../cli/run.js", import.meta.url));

/** The application that the tests run: a contract and handlers of their own. */
export const PROJECT = fileURLToPath(new URL("../project", import.meta.url));

/** Arguments of Node, for the library's sources instead of what is built of them. A process that is forked by one with them has them too. */
export const SOURCES = ["--conditions=@rejoinder/source"];

export type RunningProcess = {
  readonly pid: number;
  /** What the process said when it was ready, such as its URL. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Everything it printed so far. */
  output(): string;
  /** Resolves once the process has ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends a signal to exactly this process and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
};

export type ProcessOptions = {
  readonly args?: readonly string[];
  /** The cli/run.js of another checkout. */
  readonly run?: string | undefined;
  /** The folder of another application than the tests' own. */
  readonly project?: string | undefined;
};

/** Starts a program of cli/run.js and waits until it says over IPC that it is ready. Rejects with its output if it ends before. */
export const startProcess = async (
  program: string,
  environment: Record<string, string>,
  { args = [], run = RUN, project = PROJECT }: ProcessOptions = {},
): Promise<RunningProcess> => {
  const child = fork(run, [program, ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    cwd: project,
    execArgv: SOURCES,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const output: string[] = [];
  child.stdout?.on("data", (chunk) => output.push(String(chunk)));
  child.stderr?.on("data", (chunk) => output.push(String(chunk)));
  // Not "exit", which comes before the last of what it printed.
  const exited = (once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>).then(([code, signal]) => ({ code, signal }));
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    child.on("message", (message) => {
      const said = message as Record<string, unknown>;
      if (said["type"] === "ready") resolve(said);
    });
    void exited.then(({ code, signal }) =>
      reject(new Error(`${program} ended with ${code ?? signal} before it was ready:\n${output.join("")}`)),
    );
  });
  return {
    pid: child.pid as number,
    ready,
    output: () => output.join(""),
    exited,
    stop: (signal = "SIGTERM") => stop(child, exited, signal),
  };
};

const stop = async (child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exited;
};
