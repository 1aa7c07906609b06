import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "./root.ts";

const BIN = join(ROOT, "node_modules/.bin");

export type ProgramOptions = {
  /** Default: the checkout. */
  readonly cwd?: string;
  /** Beside those of this process. */
  readonly variables?: Readonly<Record<string, string>>;
  /** In place of those of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
};

/** Runs a program of node_modules/.bin, or of the PATH, under this Node; resolves to its output, and rejects with it if the program fails. */
export const runProgram = async (
  program: string,
  args: readonly string[],
  { cwd = ROOT, variables = {}, environment = process.env }: ProgramOptions = {},
): Promise<string> => {
  const child = spawn(program, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment, PATH: `${BIN}${delimiter}${environment["PATH"]}`, ...variables },
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${output}${errors}${program} ended with ${code}`);
  return output;
};
