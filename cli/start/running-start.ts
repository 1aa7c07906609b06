import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StartPlace } from "./part-environments.ts";
import { recordedProcess } from "../processes/process-record.ts";

/** A start that is ready. */
export type RunningStart = StartPlace & {
  /** Where its Worker is. */
  readonly url: string;
};

const fileOf = (directory: string): string => join(directory, "running.json");

/** Tells the other calls of the command where this start is. */
export const writeRunningStart = (start: RunningStart): void => writeFileSync(fileOf(start.directory), `${JSON.stringify(start)}\n`);

/** This start ends. */
export const removeRunningStart = (directory: string): void => rmSync(fileOf(directory), { force: true });

/** The start that runs in a directory now, once it is ready; undefined if there is none. */
export const readRunningStart = (directory: string): RunningStart | undefined => {
  // A start that was killed leaves its file.
  if (recordedProcess(directory, "start") === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(fileOf(directory), "utf8")) as RunningStart;
  } catch {
    return undefined;
  }
};
