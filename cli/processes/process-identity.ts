import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Distinguishes a process from every other one that ever has the same pid. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string; readonly command: string };

/** The identity of a process that runs now; undefined if none with that pid does. A zombie runs no more. */
export const identifyProcess = (pid: number): ProcessIdentity | undefined => {
  try {
    return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined;
  }
};

/** Whether exactly this process still runs. */
export const isRunning = (identity: ProcessIdentity): boolean => {
  const now = identifyProcess(identity.pid);
  if (now === undefined || now.startedAt !== identity.startedAt) return false;
  // A process that is ending loses its command line first, and its ports only then.
  return now.command === identity.command || now.command === "";
};

/** proc(5): the command name may hold spaces and brackets, so fields are counted from the last bracket. */
const fromProc = (pid: number): ProcessIdentity | undefined => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  // The first thread of a killed process can be a zombie while others still hold its files and ports.
  if ((fields[0] === "Z" || fields[0] === "X") && Number(fields[17]) <= 1) return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  // Ticks since boot: without the boot's own name, two boots could give two processes one identity.
  const startedAt = `${boot} ${fields[19]}`;
  return { pid, startedAt, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim() };
};

const fromPs = (pid: number): ProcessIdentity | undefined => {
  const text = execFileSync("ps", ["-p", String(pid), "-o", "state=,lstart=,command="], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [state = "Z", ...rest] = text.trim().split(/\s+/);
  if (state.startsWith("Z")) return undefined;
  return { pid, startedAt: rest.slice(0, 5).join(" "), command: rest.slice(5).join(" ") };
};
