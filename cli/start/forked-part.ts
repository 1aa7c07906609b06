import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endLeftover } from "./leftovers.ts";
import { createPrefix, forwardLines, type WriteLine } from "../processes/log-lines.ts";
import { createPart, type Part } from "./part.ts";
import type { ProcessEnvironment } from "./part-environments.ts";
import { recordProcess } from "../processes/process-record.ts";

/** A Node program that plays a part: says over IPC when it is ready, and ends at SIGTERM. */
export type Program = { readonly file: string; readonly args: readonly string[]; readonly nodeOptions?: readonly string[] };

/** A call of this command. */
export const programOf = (name: string, nodeOptions: readonly string[] = []): Program => ({
  file: fileURLToPath(new URL("../run.js", import.meta.url)),
  args: [name],
  nodeOptions,
});

export type ForkedPartOptions = {
  readonly name: "gateway" | "worker" | "consumer";
  readonly program: Program;
  readonly environment: ProcessEnvironment;
  /** Where its process is noted. */
  readonly directory: string;
  /** Takes what it prints, behind its name. */
  readonly write: WriteLine;
  /** Takes messages about it. */
  readonly say: WriteLine;
};

/** A part as a Node process of its own. */
export const createForkedPart = ({ name, program, environment, directory, write, say }: ForkedPartOptions): Part => {
  const prefixed = createPrefix(name, write, process.stdout.isTTY);
  return createPart({
    name,
    say,
    spawn: () => {
      const child = fork(program.file, [...program.args], {
        env: environment,
        execArgv: [...process.execArgv, ...(program.nodeOptions ?? [])],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        // A group of its own: Ctrl-C reaches the supervisor only, which stops the parts in their order.
        detached: process.platform !== "win32",
      });
      for (const stream of [child.stdout, child.stderr]) if (stream !== null) forwardLines(stream, prefixed);
      if (child.pid !== undefined) recordProcess(directory, name, child.pid);
      return child;
    },
    beforeRestart: async () => {
      if (name !== "worker") return;
      // Killed, the Worker's process leaves these behind, with its port and its files.
      await endLeftover(directory, "wrangler");
      await endLeftover(directory, "workerd");
    },
  });
};
