import type { operations } from "../../contract/operations.ts";
import { type Handler, OperationError } from "../handler.ts";

/** The sum of two numbers. */
export const sum: Handler<typeof operations.sum> = ({ a, b }) => {
  const total = a + b;
  if (!Number.isFinite(total)) throw new OperationError(422, "SUM_OUT_OF_RANGE", "The sum is larger than a number can be.");
  return { sum: total };
};
