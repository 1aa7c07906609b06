import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that says a line of JSON for each that it is told, and ends when its input does: also when whoever started it is killed. */
export type LineProcess = {
  /** Tells it something, and resolves with what it says to that. One at a time. */
  ask(line: object): Promise<unknown>;
  /** Ends its input, and waits until it has ended. */
  stop(): Promise<void>;
  /** Everything that it printed and that is no JSON. */
  output(): string;
};

/** Starts a program and waits for its first line of JSON, by which it says that it is ready. Rejects with its output if it ends before. */
export const startLineProcess = async (command: string, args: readonly string[]): Promise<LineProcess> => {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: "1" } });
  const output: string[] = [];
  const said: unknown[] = [];
  let wake = (): void => {};
  const listen = (line: string): void => {
    if (line.startsWith("{")) said.push(JSON.parse(line));
    else output.push(line);
    wake();
  };
  createInterface({ input: child.stdout }).on("line", listen);
  createInterface({ input: child.stderr }).on("line", (line) => output.push(line));
  const closed = once(child, "close");
  void closed.then(() => wake());

  const next = async (): Promise<unknown> => {
    while (said.length === 0) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command} ended:\n${output.join("\n")}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return said.shift();
  };
  await next();
  return {
    ask(line) {
      child.stdin.write(`${JSON.stringify(line)}\n`);
      return next();
    },
    async stop() {
      child.stdin.end();
      await closed;
    },
    output: () => output.join("\n"),
  };
};
