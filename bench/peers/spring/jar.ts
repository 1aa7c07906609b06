import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { provideApplication } from "../../maven-application.ts";

const JAR = "peer.jar";
/** What the jar is taken apart to, which makes loading its classes faster: itself, without the jars in it, which are beside it then. */
const EXTRACTED = "peer";
/** Its classes as a JVM has them in memory, which takes half the time to start with them. */
const ARCHIVE = "peer.jsa";
/** Where an archive is of another JVM, it is not taken, and what is said of that would stand where the application says that it is ready. */
const QUIET = "-Xlog:disable";

/** What java is given to run the application, in the folder where it is: the archive knows the jars by their names there. */
export const JVM_ARGUMENTS = [QUIET, `-XX:SharedArchiveFile=${ARCHIVE}`, "-jar", JAR] as const;

/** It ends before anybody is asked or answered, but does not begin without these. */
const TRAINING = ["--spring.profiles.active=requester", "--topic.requests=none", "--topic.replies=none"] as const;

/** The application's folder, built by Maven the first time. Rejects if Maven or a JDK is missing, or the application does not compile. */
export const provideJar = async (): Promise<string> => join(await provideApplication(import.meta.dirname, prepare), EXTRACTED);

const prepare = async (folder: string): Promise<void> => {
  await runJava(folder, ["-Djarmode=tools", "-jar", JAR, "extract", "--destination", EXTRACTED]);
  const archiving = [QUIET, `-XX:ArchiveClassesAtExit=${ARCHIVE}`, "-Dspring.context.exit=onRefresh"];
  await runJava(join(folder, EXTRACTED), [...archiving, "-jar", JAR, ...TRAINING]);
};

const runJava = (cwd: string, args: readonly string[]) => promisify(execFile)("java", [...args], { cwd });
