import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Versions that no package.json tells: of Java, and of what the two pom.xml bring. */
export const readPeerVersions = () => ({
  java: /version "([^"]+)"/.exec(spawnSync("java", ["-version"], { encoding: "utf8" }).stderr ?? "")?.[1] ?? "none",
  kafka: readPomVersion("../../test/kafka/broker/pom.xml", "kafka_2.13"),
  springBoot: readPomVersion("spring/pom.xml", "spring-boot-starter-parent"),
});

const readPomVersion = (pom: string, artifact: string): string => {
  const text = readFileSync(new URL(pom, import.meta.url), "utf8");
  const [, version] = new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)</version>`).exec(text) ?? [];
  if (version === undefined) throw new Error(`Expected ${pom} to name a version of ${artifact}`);
  return version;
};
