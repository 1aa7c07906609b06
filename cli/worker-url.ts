import { resolve } from "node:path";
import { UsageError } from "./command.ts";
import { PREFERRED_PORT } from "./config.ts";
import { findProjectRoot } from "./project.ts";
import type { ProcessEnvironment } from "./start/part-environments.ts";
import { readRunningStart } from "./start/running-start.ts";

/** The data folder of a start of the current project. Absolute. */
export const startDirectoryOf = (environment: ProcessEnvironment, from?: string): string =>
  resolve(findProjectRoot(from) ?? ".", environment["REJOINDER_DIR"] || ".rejoinder");

/**
 * The URL of the Worker that a call uses: the given one, or WORKER_URL, or that of the start that runs in this project, or a start's default.
 * Without a slash at the end.
 * @throws UsageError if what was named is no URL
 */
export const workerUrlOf = (named: string | undefined, environment: ProcessEnvironment): string => {
  const url =
    named ?? (environment["WORKER_URL"] || readRunningStart(startDirectoryOf(environment))?.url || `http://127.0.0.1:${PREFERRED_PORT}`);
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new UsageError(`Expected a URL such as https://api.example.com, got ${JSON.stringify(url)}.`);
  return url.replace(/\/+$/, "");
};
