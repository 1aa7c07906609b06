import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The pids of the processes that this one has started and that still run. */
export const childPids = (): readonly number[] => {
  const text =
    process.platform === "linux"
      ? readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
      : execFileSync("pgrep", ["-P", String(process.pid)], { encoding: "utf8" });
  return text
    .trim()
    .split(/\s+/)
    .filter((pid) => pid !== "")
    .map(Number);
};
