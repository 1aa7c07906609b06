import type { AnswerRoom } from "../engine.ts";
import type { Budget } from "../budgets.ts";
import { LIMITS } from "./call.ts";

/** Room for the answer of one call. What it takes of the budget is given back by `release`. */
export const createAnswerRoom = (budget: Budget): AnswerRoom & { isUsed(): boolean; release(): void } => {
  let held = 0;
  return {
    free() {
      // Where nothing is left, this throws.
      if (budget.left() <= 0) budget.take(1);
      return { records: LIMITS.answerRecords, bytes: Math.min(LIMITS.answerBytes, budget.left()) };
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
