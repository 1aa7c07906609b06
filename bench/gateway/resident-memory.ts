import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** How much memory a process holds now, in bytes. @throws Error if there is no such process. */
export const readResidentBytes = async (pid: number): Promise<number> => {
  const kibibytes = process.platform === "linux" ? await readStatus(pid) : await askPs(pid);
  return kibibytes * 1_024;
};

const readStatus = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
};

const askPs = async (pid: number): Promise<number> => Number((await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)])).stdout);
