import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Pace } from "./pace.ts";

/** What a reader must know of the machine and of the run to compare two of them. */
export const readConditions = (pace: Pace) => ({
  date: new Date().toISOString(),
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  miniflare: versionOf("miniflare"),
  workerd: versionOf("workerd"),
  kafkaClient: versionOf("@platformatic/kafka"),
  pace,
  where: "all processes and the load generator share the cores; all on 127.0.0.1",
});

/** The installed version of a dependency. */
const versionOf = (name: string): string =>
  (JSON.parse(readText(`../node_modules/${name}/package.json`)) as { readonly version: string }).version;

/** Versions that no package.json names: that of Java, and those that Maven brings. */
export const readMavenVersions = () => ({
  java: /version "([^"]+)"/.exec(spawnSync("java", ["-version"], { encoding: "utf8" }).stderr ?? "")?.[1] ?? "none",
  kafka: readPomVersion("../test/kafka/broker/pom.xml", "kafka_2.13"),
  springBoot: readPomVersion("peers/spring/pom.xml", "spring-boot-starter-parent"),
});

const readPomVersion = (pom: string, artifact: string): string =>
  new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)</version>`).exec(readText(pom))?.[1] ?? "unknown";

const readText = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
