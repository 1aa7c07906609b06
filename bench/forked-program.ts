import { type ChildProcess, fork } from "node:child_process";
import type { ProcessEnvironment } from "../cli/part-environments.ts";

/** What every process needs of the bench's own environment; nothing else of it may change what is measured. */
export const inheritedVariables = (): ProcessEnvironment => {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
};

/** Forks a program, of which only the errors are printed. */
export const forkProgram = (file: string, args: readonly string[], environment: ProcessEnvironment): ChildProcess =>
  fork(file, [...args], { env: environment, stdio: ["ignore", "ignore", "inherit", "ipc"] });
