import { execFile } from "node:child_process";
import { join } from "node:path";
import { PROJECT } from "../helpers/processes.ts";
import { ROOT } from "../../tools/root.ts";

/** How a call of the command ended, and what it printed. */
export type Called = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type CallOptions = {
  /** All that it finds in its environment besides PATH. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The folder it is called in. */
  readonly cwd?: string;
  readonly nodeOptions?: readonly string[];
};

/** Calls the command as a user does, to its end. */
export const callCommand = (
  args: readonly string[],
  { variables = {}, cwd = PROJECT, nodeOptions = [] }: CallOptions = {},
): Promise<Called> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--conditions=@rejoinder/source", ...nodeOptions, join(ROOT, "cli/run.js"), ...args],
      { cwd, env: { PATH: process.env["PATH"], ...variables } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
