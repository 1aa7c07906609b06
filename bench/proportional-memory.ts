import { readFile } from "node:fs/promises";

/** Whether this system tells how much memory processes hold together. */
export const knowsProportionalMemory: boolean = process.platform === "linux";

/**
 * How much memory a process holds now, in bytes, of what it shares with others its share only (PSS): so those of several processes can be
 * summed. On Linux. @throws Error if there is no such process.
 */
export const readProportionalBytes = async (pid: number): Promise<number> => {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1_024;
};
