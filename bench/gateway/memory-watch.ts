import { lookEvery } from "../repeated-look.ts";
import type { MemorySample } from "./memory.ts";
import { readResidentBytes } from "./resident-memory.ts";

export type MemoryWatch = {
  /** What was seen so far. @throws Error if the process ended meanwhile. */
  samples(): readonly MemorySample[];
  end(): void;
};

/** Looks at the memory of a process every so many milliseconds. */
export const watchMemory = (pid: number, everyMs: number): MemoryWatch => {
  const began = performance.now();
  const samples: MemorySample[] = [];
  const look = lookEvery(everyMs, async () => {
    const atMs = performance.now() - began;
    samples.push({ atMs, bytes: await readResidentBytes(pid) });
  });
  return {
    samples() {
      look.check();
      return samples;
    },
    end: look.end,
  };
};
