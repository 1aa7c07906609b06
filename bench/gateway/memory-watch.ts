import type { MemorySample } from "./memory.ts";
import { readResidentBytes } from "./resident-memory.ts";

export type MemoryWatch = {
  /** What was seen so far. @throws Error if the process ended meanwhile. */
  samples(): readonly MemorySample[];
  end(): void;
};

const EVERY_MS = 1_000;

/** Looks at the memory of a process once a second. */
export const watchMemory = (pid: number): MemoryWatch => {
  const began = performance.now();
  const samples: MemorySample[] = [];
  let failure: Error | undefined;
  const look = async (): Promise<void> => {
    const atMs = performance.now() - began;
    samples.push({ atMs, bytes: await readResidentBytes(pid) });
  };
  const timer = setInterval(() => void look().catch((error: Error) => (failure ??= error)), EVERY_MS);
  return {
    samples() {
      if (failure !== undefined) throw failure;
      return samples;
    },
    end: () => clearInterval(timer),
  };
};
