import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** For what lives short: start fast, rather than run fast. */
export const JAVA_OPTIONS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"] as const;

/** Every jar of a folder. */
export const classPath = (jars: string): readonly string[] => ["-cp", `${jars}/*`];

/** Runs one of Kafka's tools to its end; rejects with what it printed if it fails. */
export const runTool = async (jars: string, tool: string, args: readonly string[]): Promise<void> => {
  await promisify(execFile)("java", [...JAVA_OPTIONS, ...classPath(jars), tool, ...args]);
};
