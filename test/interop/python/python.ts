import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { provideFolder } from "../../../tools/provided-folder.ts";
import { ROOT } from "../../../tools/root.ts";

const run = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
/** What pip may take for a registry that answers slowly. */
const INSTALL_TIMEOUT_MS = 240_000;

/** What a program of Python printed, and how it ended. */
export type PythonRun = { readonly code: number; readonly output: string };

/** A Python with the packages of requirements.txt. */
export type Python = {
  readonly isMissing: boolean;
  /** Runs a module or a file. Rejects only if there is no answer in time, or no Python. */
  run(
    args: readonly string[],
    options: { readonly timeoutMs: number; readonly cwd: string; readonly variables?: Readonly<Record<string, string>> },
  ): Promise<PythonRun>;
};

/**
 * The Python of this machine, in an environment of its own that is made once. Missing, and the output says why, where there is no Python 3 or
 * no registry of its packages: a machine without them cannot run the tests that need it.
 */
export const providePython = async (): Promise<Python> => {
  try {
    const name = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
    const folder = await provideFolder(join(ROOT, `build/python-${name}`), install);
    return { isMissing: false, run: (args, options) => runPython(join(folder, "bin/python"), args, options) };
  } catch (error) {
    console.warn(`\nSKIPPED, as Python 3 with its packages cannot be had here: the tests that need it. ${(error as Error).message}\n`);
    return { isMissing: true, run: () => Promise.reject(error) };
  }
};

const install = async (folder: string): Promise<void> => {
  await run("python3", ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--requirement", REQUIREMENTS];
  await run(join(folder, "bin/python"), pip, { timeout: INSTALL_TIMEOUT_MS });
};

const runPython = async (
  python: string,
  args: readonly string[],
  { timeoutMs, cwd, variables }: Parameters<Python["run"]>[1],
): Promise<PythonRun> => {
  const options = {
    timeout: timeoutMs,
    cwd,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...variables },
  };
  try {
    const { stdout, stderr } = await run(python, args, options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout: string; stderr: string };
    if (typeof code !== "number") throw error;
    return { code, output: stdout + stderr };
  }
};
