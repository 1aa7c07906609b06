import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ExpectedError } from "../expected-error.ts";

/** The folder of this package, whether it is installed or checked out. */
const packageRoot = (from: string = import.meta.dirname): string =>
  existsSync(join(from, "package.json")) ? from : packageRoot(dirname(from));

/** The console as it was built with this package. @throws ExpectedError if it was not */
export const consoleDirectory = (): string => {
  const directory = join(packageRoot(), "dist/console");
  if (existsSync(join(directory, "index.html"))) return directory;
  throw new ExpectedError(`Expected the built console in ${directory}. In a checkout of rejoinder run: npm run build.`);
};

/** Copies the console to where wrangler.toml of a project names its assets; resolves to that folder. @throws ExpectedError */
export const copyConsole = async (root: string): Promise<string> => {
  const source = consoleDirectory();
  const target = join(root, ".rejoinder/console");
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rm(target, { recursive: true, force: true });
  await cp(source, target, { recursive: true });
  return target;
};
