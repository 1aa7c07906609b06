import type { ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { ExpectedError } from "../expected-error.ts";
import type { WriteLine } from "../processes/log-lines.ts";
import { createRestartPause, type RestartPause } from "./restart-pause.ts";

/** What a part says over IPC once it can be used, such as its URL. */
export type ReadyMessage = { readonly type: "ready"; readonly [member: string]: unknown };

/** One of the processes that a start keeps running. */
export type Part = {
  readonly name: string;
  /** Starts it and resolves once it is ready. From then on it is started again whenever it ends. Rejects if it ends before. */
  start(): Promise<ReadyMessage>;
  /** Asks it to end, kills it after `graceMs` (at once if 0), and resolves once it is gone. Safe to call at any time, and again. */
  stop(graceMs: number): Promise<void>;
};

export type PartOptions = {
  readonly name: string;
  spawn(): ChildProcess;
  readonly say: WriteLine;
  /** What must be done before it can be started again, such as ending what it left behind. */
  beforeRestart?(): Promise<void>;
  readonly pause?: RestartPause;
  /** Milliseconds from any fixed point. */
  now?(): number;
};

/** A part that ended before it was ready for the first time. What it printed says why. */
export class PartFailedError extends ExpectedError {
  override readonly name = "PartFailedError";
}

export const createPart = ({
  name,
  spawn,
  say,
  beforeRestart = async () => {},
  pause = createRestartPause(),
  now = () => performance.now(),
}: PartOptions): Part => {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let running: Promise<unknown> | undefined;

  const keepRunning = async (end: Promise<string>): Promise<void> => {
    const since = now();
    const reason = await end;
    if (stopping.signal.aborted) return;
    const pauseMs = pause.next(now() - since);
    say(`the ${name} ended (${reason}), starting it again in ${pauseMs} ms`);
    await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    if (!stopping.signal.aborted) await beforeRestart();
    if (stopping.signal.aborted) return;
    child = spawn();
    void readyOf(child).then(() => say(`the ${name} is back`));
    return keepRunning(endOf(child));
  };

  return {
    name,
    async start() {
      if (stopping.signal.aborted) throw new PartFailedError(`The ${name} was stopped before it was started`);
      const current = (child = spawn());
      const end = endOf(current);
      running = end;
      const ready = await Promise.race([
        readyOf(current),
        end.then((reason) => {
          throw new PartFailedError(`The ${name} ended (${reason}) before it was ready`);
        }),
      ]);
      running = keepRunning(end);
      return ready;
    },
    async stop(graceMs) {
      stopping.abort();
      if (child !== undefined && isAlive(child)) child.kill(graceMs > 0 ? "SIGTERM" : "SIGKILL");
      const killing = setTimeout(() => child?.kill("SIGKILL"), graceMs);
      await running;
      clearTimeout(killing);
    },
  };
};

/** How long to wait for the output of a process that has ended. */
const LAST_LINES_MS = 250;

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

const readyOf = (child: ChildProcess): Promise<ReadyMessage> =>
  new Promise((resolve) => {
    child.on("message", (message) => {
      if ((message as { type?: unknown } | null)?.type === "ready") resolve(message as ReadyMessage);
    });
  });

/** How the process ended, in words. A process that could not even be started has ended too. */
const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      const reason = signal ?? `exit code ${code}`;
      // Its last lines may still be on their way, but somebody else may hold its output open as well.
      const lastLines = setTimeout(() => resolve(reason), LAST_LINES_MS);
      child.once("close", () => {
        clearTimeout(lastLines);
        resolve(reason);
      });
    });
    child.once("error", (error) => resolve(error.message));
  });
