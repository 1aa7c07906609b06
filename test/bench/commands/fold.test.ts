import { expect, test } from "vitest";
import { FOLD_SIZES, measureFold } from "../../../bench/commands/fold.ts";

test.each(FOLD_SIZES)("folds commits of %i events, and counts each event once", (size) => {
  const { fold, decodeAndFold } = measureFold(size, 1);
  expect(fold).toBeGreaterThan(0);
  expect(decodeAndFold).toBeGreaterThan(0);
});
