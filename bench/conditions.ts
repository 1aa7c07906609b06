import { availableParallelism, cpus, totalmem } from "node:os";
import { createRequire } from "node:module";
import type { Pace } from "./pace.ts";
import { payloadBytes } from "./targets.ts";

/** All that one must know to compare two runs. */
export const readConditions = (pace: Pace) => ({
  date: new Date().toISOString(),
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  miniflare: versionOf("miniflare"),
  workerd: versionOf("workerd"),
  engine: "embedded",
  mailboxShards: 1,
  payloadBytes: payloadBytes(),
  pace,
  where: "gateway, workerd, consumer and load generator share the cores; all on 127.0.0.1",
});

export type Conditions = ReturnType<typeof readConditions>;

const versionOf = (name: string): string => (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
