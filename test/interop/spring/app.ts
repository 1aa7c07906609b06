import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { builtFolderOf, provideApplication } from "../../../bench/maven-application.ts";
import { JAVA_OPTIONS } from "../../kafka/broker/java.ts";
import { type LineProcess, startLineProcess } from "../line-process.ts";

const execute = promisify(execFile);
const HERE = import.meta.dirname;

/** Starts the Spring application in one of its roles; Maven builds it the first time. `topics` by what the role calls them. */
export const startSpring = async (
  role: "responder" | "requester",
  brokers: readonly string[],
  topics: Readonly<Record<string, string>>,
): Promise<LineProcess> => {
  const jar = join(await provideApplication(HERE), "interop.jar");
  const named = Object.entries(topics).map(([name, topic]) => `--topic.${name}=${topic}`);
  const settings = [`--spring.profiles.active=${role}`, `--spring.kafka.bootstrap-servers=${brokers.join(",")}`, ...named];
  return startLineProcess("java", ["-Xmx256m", ...JAVA_OPTIONS, "-jar", jar, ...settings]);
};

/** What is missing on this machine to build it, and how to get it. Undefined: nothing. */
export const missingForSpring = async (): Promise<string | undefined> => {
  if (existsSync(builtFolderOf(HERE))) return undefined;
  const runs = (program: string) =>
    execute(program, ["-version"]).then(
      () => true,
      () => false,
    );
  const [javac, maven] = await Promise.all([runs("javac"), runs("mvn")]);
  if (javac && maven) return undefined;
  return "The Spring application is built with a JDK, of Java 17 or newer, and Maven: install both, such as Debian's openjdk-17-jdk-headless and maven.";
};
