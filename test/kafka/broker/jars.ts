import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { provideFolder } from "../../../tools/provided-folder.ts";

const execute = promisify(execFile);
const HERE = import.meta.dirname;
const POM = join(HERE, "pom.xml");

/** What is missing on this machine to run Apache Kafka, and how to get it. Undefined: nothing. */
export const missingTools = async (): Promise<string | undefined> => {
  const runs = (program: string) =>
    execute(program, ["-version"]).then(
      () => true,
      () => false,
    );
  const [java, jars, maven] = await Promise.all([runs("java"), jarsFolder().then(existsSync), runs("mvn")]);
  if (!java) return "Java 17 or newer is not on the path: install a JRE, such as Debian's openjdk-17-jre-headless.";
  if (!jars && !maven) return "Maven, which brings Apache Kafka, is not on the path: install it, such as Debian's package maven.";
  return undefined;
};

/** The folder of Apache Kafka's jars, fetched by Maven the first time. */
export const provideJars = async (): Promise<string> =>
  provideFolder(await jarsFolder(), async (folder) => {
    await execute("mvn", ["-q", "-B", "-f", POM, "dependency:copy-dependencies", `-DoutputDirectory=${folder}`]).catch((cause: unknown) => {
      throw new Error(`Expected Maven to fetch what ${POM} names.`, { cause });
    });
  });

/** Named by what is in it, so that another version of Kafka is another folder. */
const jarsFolder = async (): Promise<string> => {
  const digest = createHash("sha256")
    .update(await readFile(POM))
    .digest("hex");
  return join(HERE, "jars", digest.slice(0, 12));
};
