import type { StackProcess } from "../path/stack.ts";
import { readProportionalBytes } from "../proportional-memory.ts";
import { lookEvery } from "../repeated-look.ts";

/** What some processes hold together at a moment, in bytes. */
export type MemorySum = { readonly totalBytes: number; readonly byProcess: readonly ProcessMemory[] };

export type ProcessMemory = { readonly name: StackProcess["name"]; readonly bytes: number };

export type MemorySumWatch = {
  /** The most that was seen so far. @throws Error if a process ended meanwhile. */
  peak(): MemorySum;
  end(): void;
};

const EVERY_MS = 500;

export const readMemorySum = async (processes: readonly StackProcess[], read = readProportionalBytes): Promise<MemorySum> => {
  const byProcess = await Promise.all(processes.map(async ({ name, pid }) => ({ name, bytes: await read(pid) })));
  return { totalBytes: byProcess.reduce((sum, { bytes }) => sum + bytes, 0), byProcess };
};

/** Looks at the memory of all of them twice a second. */
export const watchMemorySum = async (processes: readonly StackProcess[], read = readProportionalBytes): Promise<MemorySumWatch> => {
  let most = await readMemorySum(processes, read);
  const look = lookEvery(EVERY_MS, async () => {
    const now = await readMemorySum(processes, read);
    if (now.totalBytes > most.totalBytes) most = now;
  });
  return {
    peak() {
      look.check();
      return most;
    },
    end: look.end,
  };
};
