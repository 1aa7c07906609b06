import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { JVM_ARGUMENTS } from "./jar.ts";

export type Jvm = {
  /** Where it serves HTTP; the responder does not. */
  readonly port: number | null;
  /** Tells it to end, and resolves once it has. */
  stop(): Promise<void>;
};

/** Taken at once: growing the heap is not what is measured. */
const MEMORY = ["-Xms512m", "-Xmx512m"];

/** Starts the application, which is in this folder, in one of its roles. Ends this process if it ends by itself; what it printed says why. */
export const startJvm = async (
  folder: string,
  role: "requester" | "responder",
  settings: Readonly<Record<string, string>>,
): Promise<Jvm> => {
  const args = Object.entries({ "spring.profiles.active": role, ...settings }).map(([name, value]) => `--${name}=${value}`);
  const child = spawn("java", [...MEMORY, ...JVM_ARGUMENTS, ...args], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const exitWithIt = (): never => process.exit(1);
  child.once("exit", exitWithIt);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    port: (JSON.parse(line) as { port: number | null }).port,
    async stop() {
      const ended = once(child.off("exit", exitWithIt), "exit");
      child.stdin.end();
      await ended;
    },
  };
};
