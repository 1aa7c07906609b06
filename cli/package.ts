import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of this package, whether it is installed or checked out. */
export const packageRoot = (from: string = import.meta.dirname): string =>
  existsSync(join(from, "package.json")) ? from : packageRoot(dirname(from));

/** The version of this package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
