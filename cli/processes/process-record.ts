import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { identifyProcess, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** How often to look whether a process that is not a child of this one has ended. */
const LOOK_EVERY_MS = 20;

/** Notes which process plays a part, so that the next start can find it if nothing else stops it. */
export const recordProcess = (directory: string, name: string, pid: number): void => {
  const identity = identifyProcess(pid);
  if (identity === undefined) return;
  mkdirSync(join(directory, "processes"), { recursive: true });
  const file = fileOf(directory, name);
  writeFileSync(`${file}.new`, `${JSON.stringify(identity)}\n`);
  renameSync(`${file}.new`, file);
};

/** The process noted under that name; undefined if there is none, or it has ended. */
export const recordedProcess = (directory: string, name: string): ProcessIdentity | undefined => {
  try {
    const identity = JSON.parse(readFileSync(fileOf(directory, name), "utf8")) as ProcessIdentity;
    return isRunning(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
};

/** Forgets a process that has ended. */
export const forgetProcess = (directory: string, name: string): void => rmSync(fileOf(directory, name), { force: true });

/**
 * Ends the process noted under that name if exactly that one (pid, command line and start time) still runs:
 * asks first, and kills it after `graceMs`. Resolves to its pid once it is gone, or to undefined if there was nothing to end.
 */
export const endRecorded = async (directory: string, name: string, graceMs: number): Promise<number | undefined> => {
  const identity = recordedProcess(directory, name);
  if (identity !== undefined) {
    if (graceMs > 0) {
      signal(identity.pid, "SIGTERM");
      for (let waited = 0; waited < graceMs && isRunning(identity); waited += LOOK_EVERY_MS) await wait(LOOK_EVERY_MS);
    }
    if (isRunning(identity)) signal(identity.pid, "SIGKILL");
    while (isRunning(identity)) await wait(LOOK_EVERY_MS);
  }
  forgetProcess(directory, name);
  return identity?.pid;
};

const fileOf = (directory: string, name: string): string => join(directory, "processes", `${name}.json`);

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
  }
};
