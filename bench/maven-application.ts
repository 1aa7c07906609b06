import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { provideFolder } from "../tools/provided-folder.ts";

/** Where the jar of an application is, once it is built: another folder for other sources, so that it is never older than they are. */
export const builtFolderOf = (application: string): string => {
  const digest = createHash("sha256");
  for (const file of globSync("{pom.xml,src/**/*.*}", { cwd: application }).sort())
    digest.update(file).update(readFileSync(join(application, file)));
  return join(application, "built", digest.digest("hex").slice(0, 12));
};

/** That folder, in which Maven builds the jar the first time. Rejects if Maven or a JDK is missing, or the application does not compile. */
export const provideApplication = (application: string): Promise<string> =>
  provideFolder(builtFolderOf(application), async (folder) => {
    const pom = join(application, "pom.xml");
    await promisify(execFile)("mvn", ["-q", "-B", "-f", pom, "package", "-Dmaven.test.skip=true", `-Doutput=${folder}`]);
  });
