import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Pace } from "./pace.ts";

/** All that one must know of the machine and of the run to compare two of them. */
export const readConditions = (pace: Pace) => ({
  date: new Date().toISOString(),
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  pace,
  where: "all processes and the load generator share the cores; all on 127.0.0.1",
});

/** The version of a dependency that is installed. */
export const versionOf = (name: string): string => {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
};
