import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tools/root.ts";

export { ROOT };

/** The folders that hold code of this project. */
export const FOLDERS = [
  "app",
  "contract",
  "protocol",
  "environment",
  "storage",
  "kafka",
  "worker",
  "gateway",
  "consumer",
  "client",
  "console",
  "examples",
  "cli",
  "create",
  "tools",
  "bench",
  "test",
] as const;

/** Paths of the files of this project that match, relative to its root. Generated files are not its own. */
export const filesOf = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: ROOT, exclude: (path) => /(^|\/)(node_modules|dist|build|\.types|\.rejoinder)$/.test(String(path)) }).toSorted();

/** Every TypeScript file of this project. */
export const sourceFiles = (): readonly string[] => filesOf(`{${FOLDERS.join(",")}}/**/*.{ts,tsx}`);

export const readText = (path: string): string => readFileSync(join(ROOT, path), "utf8");
