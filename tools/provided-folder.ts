import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * A folder that is made once and stays. Several processes may ask at once: each fills one of its own, and the first to be ready gives it its
 * name. Rejects with what `fill` rejects with, if nobody else has made it meanwhile.
 */
export const provideFolder = async (folder: string, fill: (folder: string) => Promise<unknown>): Promise<string> => {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const own = await mkdtemp(join(dirname(folder), "making-"));
  try {
    await fill(own);
    await rename(own, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return folder;
};
