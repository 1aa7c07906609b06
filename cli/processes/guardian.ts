import { spawn } from "node:child_process";

/** Ends another process once this one is gone, however it went. */
export type Guardian = {
  /** From now on that process, in place of the one before. */
  guard(pid: number): void;
  /** Nothing any more: the guarded process has ended. */
  release(): void;
};

/** Reads pids, one a line; once nobody can write any more, sends the signal to the last one. */
const SCRIPT = 'while read -r next; do pid=$next; done; [ -z "$pid" ] || kill "-$1" "$pid"';

/**
 * A kill -9 gives a process no time to end what it started, and only Linux lets a child ask for a signal then. So a shell waits at a pipe
 * that this process alone can write to, and that the kernel closes at its end.
 */
export const startGuardian = (signal: "KILL" | "TERM"): Guardian => {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "guardian", signal], { stdio: ["pipe", "ignore", "ignore"] });
  // Without a shell, whoever starts next ends what was left behind.
  for (const emitter of [shell, shell.stdin]) emitter.on("error", () => {});
  return {
    guard: (pid) => void shell.stdin.write(`${pid}\n`),
    release: () => void shell.kill("SIGKILL"),
  };
};
