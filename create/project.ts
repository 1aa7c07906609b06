import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** No project can be made there. The message says what to do. */
export class FolderError extends Error {
  override readonly name = "FolderError";
}

/** npm leaves a .gitignore out of every package, so the template has it under another name. */
const GITIGNORE = { packed: "_gitignore", made: ".gitignore" };

/**
 * Makes a project: copies the template, and names it as its folder.
 * @param folder absolute; made if it is not there
 * @throws FolderError if there is something in it already
 */
export const createProject = async (folder: string, template: string): Promise<void> => {
  await expectEmpty(folder);
  await mkdir(folder, { recursive: true });
  await cp(template, folder, { recursive: true });
  await rename(join(folder, GITIGNORE.packed), join(folder, GITIGNORE.made));
  const manifest = join(folder, "package.json");
  const text = await readFile(manifest, "utf8");
  await writeFile(manifest, text.replace('"name": "my-app"', `"name": ${JSON.stringify(packageNameOf(folder))}`));
};

/** Of a new repository git is there already. */
const MAY_BE_THERE = new Set([".git"]);

const expectEmpty = async (folder: string): Promise<void> => {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    if (code === "ENOTDIR") throw new FolderError(`Expected a folder, got the file ${folder}. Name another one.`);
    throw new FolderError(`${folder} cannot be read: ${message}. Name another one.`);
  }
  const there = names.filter((name) => !MAY_BE_THERE.has(name));
  if (there.length === 0) return;
  const others = there.length === 1 ? "" : ` and ${there.length - 1} more`;
  throw new FolderError(`Expected ${folder} to be empty, got ${there[0]}${others} in it. Name another folder, or empty this one.`);
};

/** What npm takes as a name: https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const packageNameOf = (folder: string): string =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, 214) || "my-app";
