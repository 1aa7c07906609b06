import type { Budget } from "../budgets.ts";
import type { ResponseMemory } from "../engine.ts";
import { LIMITS } from "./call.ts";

/** Takes the memory of one response out of a budget; `release` gives it back. */
export const createResponseMemory = (budget: Budget): ResponseMemory & { isUsed(): boolean; release(): void } => {
  let held = 0;
  return {
    free() {
      // Throws if nothing is left.
      if (budget.left() <= 0) budget.take(1);
      return { records: LIMITS.responseRecords, bytes: Math.min(LIMITS.responseBytes, budget.left()) };
    },
    take(bytes) {
      budget.hold(bytes);
      held += bytes;
    },
    isUsed: () => held > 0,
    release() {
      budget.give(held);
      held = 0;
    },
  };
};
