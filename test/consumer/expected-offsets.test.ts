import fc from "fast-check";
import { expect, test } from "vitest";
import { createExpectedOffsets } from "../../consumer/sources/expected-offsets.ts";

const at = (offset: number, partition = 0) => ({ topic: "requests", partition, offset });

test("asks for the commits of a partition that it has not seen, and not again while records follow one another", () => {
  const expected = createExpectedOffsets();
  const batch = [at(7), at(8), at(3, 1)];
  expect(expected.unsure(batch)).toEqual([
    { topic: "requests", partition: 0 },
    { topic: "requests", partition: 1 },
  ]);
  expected.resume(at(0, 0), 7);
  expected.resume(at(0, 1), undefined);
  expect(expected.gapBefore(at(7))).toBeUndefined();
  expect(expected.gapBefore(at(3, 1))).toBe(0);
  for (const record of batch) expected.pass(record);
  expect(expected.unsure([at(9), at(4, 1), at(5, 1)])).toEqual([]);
});

test("a gap begins where the last record ended, unless the group has committed further meanwhile", () => {
  const expected = createExpectedOffsets();
  expected.resume(at(0), 0);
  expected.pass(at(4));
  expect(expected.unsure([at(9)])).toHaveLength(1);
  expect(expected.gapBefore(at(9))).toBe(5);
  expected.resume(at(0), 9);
  expect(expected.gapBefore(at(9))).toBeUndefined();
});

test("finds every record that a lost answer held, wherever answers are lost", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), { maxLength: 30 }), (answers) => {
      const expected = createExpectedOffsets();
      expected.resume(at(0), 0);
      const seen: number[] = [];
      let next = 0;
      for (const [size, arrives] of [...answers, [1, true] as const]) {
        const batch = Array.from({ length: size }, () => at(next++));
        if (!arrives) continue;
        for (const record of batch) {
          for (let gap = expected.gapBefore(record); gap !== undefined; gap = expected.gapBefore(record)) {
            seen.push(gap);
            expected.pass(at(gap));
          }
          seen.push(record.offset);
          expected.pass(record);
        }
      }
      expect(seen).toEqual(Array.from({ length: next }, (_, offset) => offset));
    }),
  );
});
