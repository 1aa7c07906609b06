import { expect, test } from "vitest";
import { knowsProportionalMemory, readProportionalBytes } from "../../bench/proportional-memory.ts";

test.runIf(knowsProportionalMemory)(
  "the share of memory of a process that runs is known, and that of one that does not is an error",
  async () => {
    expect(await readProportionalBytes(process.pid)).toBeGreaterThan(2 ** 20);
    // No system has a process of this number.
    await expect(readProportionalBytes(2 ** 30)).rejects.toThrow();
  },
);
