import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const HERE = import.meta.dirname;

/**
 * The application's jar, built by Maven the first time. Several processes may ask at once: each builds into a folder of its own, and the
 * first to be ready gives it its name. Rejects if Maven or a JDK is missing, or the application does not compile.
 */
export const provideJar = async (): Promise<string> => {
  const folder = join(HERE, "built", digestOfSources());
  if (!existsSync(folder)) await build(folder);
  return join(folder, "peer.jar");
};

const build = async (folder: string): Promise<void> => {
  await mkdir(join(HERE, "built"), { recursive: true });
  const own = await mkdtemp(join(HERE, "built/building-"));
  try {
    const args = ["-q", "-B", "-f", join(HERE, "pom.xml"), "package", "-Dmaven.test.skip=true", `-Doutput=${own}`];
    await promisify(execFile)("mvn", args);
    await rename(own, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
};

/** Changes with any of the files, so that what is built is never older than they are. */
const digestOfSources = (): string => {
  const digest = createHash("sha256");
  for (const file of globSync("{pom.xml,src/**/*.*}", { cwd: HERE }).sort()) digest.update(file).update(readFileSync(join(HERE, file)));
  return digest.digest("hex").slice(0, 12);
};
