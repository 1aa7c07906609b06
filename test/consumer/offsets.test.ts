import fc from "fast-check";
import { expect, test } from "vitest";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { createOffsets } from "../../consumer/offsets.ts";

const at = (offset: number, partition = 0): TopicPartitionOffset => ({ topic: "requests", partition, offset });

/** A partition's offsets as Kafka has them: ascending, with some left out. */
const log = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 }).map((offsets) => offsets.toSorted((a, b) => a - b));

type Step = { readonly kind: "deliver" | "finish" | "redeliver" | "commit"; readonly choice: number };
const steps = fc.array(
  fc.record<Step>({ kind: fc.constantFrom("deliver", "deliver", "finish", "finish", "redeliver", "commit"), choice: fc.nat() }),
  { maxLength: 150 },
);

test("commits exactly the contiguous finished prefix, and takes no record twice, whatever is redelivered", () => {
  fc.assert(
    fc.property(log, steps, (offsetsOfLog, given) => {
      const offsets = createOffsets();
      const inFlight: number[] = [];
      const finished = new Set<number>();
      let delivered = 0;
      let committed: number | undefined;
      for (const { kind, choice } of given) {
        const offset = offsetsOfLog[delivered];
        if (kind === "deliver" && offset !== undefined) {
          expect(offsets.take(at(offset))).toBe(true);
          inFlight.push(offset);
          delivered += 1;
        } else if (kind === "finish" && inFlight.length > 0) {
          const [done] = inFlight.splice(choice % inFlight.length, 1) as [number];
          offsets.finish(at(done));
          finished.add(done);
        } else if (kind === "redeliver" && delivered > 0) {
          expect(offsets.take(at(offsetsOfLog[choice % delivered] as number))).toBe(false);
        } else if (kind === "commit") {
          const prefix = offsetsOfLog.slice(0, delivered).findIndex((candidate) => !finished.has(candidate));
          const last = offsetsOfLog[(prefix === -1 ? delivered : prefix) - 1];
          const [position, ...others] = offsets.committable();
          expect(others).toEqual([]);
          if (position !== undefined) expect(position).toEqual(at((last as number) + 1));
          else if (last !== undefined) expect(committed).toBe(last + 1);
          if (position !== undefined) committed = position.offset;
          if (position !== undefined) offsets.committed([position]);
        }
      }
    }),
  );
});

test("keeps partitions and topics apart", () => {
  const offsets = createOffsets();
  expect(offsets.take(at(5, 0))).toBe(true);
  expect(offsets.take(at(5, 1))).toBe(true);
  expect(offsets.take({ ...at(5, 0), topic: "other" })).toBe(true);
  offsets.finish(at(5, 1));
  expect(offsets.committable()).toEqual([at(6, 1)]);
});

test("takes a record that turns up late in its place, and commits past it only when it is finished", () => {
  const offsets = createOffsets();
  for (const offset of [3, 4, 8]) offsets.take(at(offset));
  expect(offsets.take(at(6))).toBe(true);
  for (const offset of [3, 4, 8]) offsets.finish(at(offset));
  expect(offsets.committable()).toEqual([at(5)]);
  offsets.finish(at(6));
  expect(offsets.committable()).toEqual([at(9)]);
});

test("a commit that failed is tried again, and one that succeeded is not", () => {
  const offsets = createOffsets();
  offsets.take(at(0));
  offsets.finish(at(0));
  expect(offsets.committable()).toEqual([at(1)]);
  expect(offsets.committable()).toEqual([at(1)]);
  offsets.committed([at(1)]);
  expect(offsets.committable()).toEqual([]);
});

test("what belongs to somebody else is neither committed nor finished, and is taken anew if it comes back", () => {
  const offsets = createOffsets();
  offsets.take(at(0));
  offsets.take(at(1));
  offsets.finish(at(0));
  offsets.forget(at(0));
  expect(offsets.committable()).toEqual([]);
  offsets.finish(at(1));
  expect(offsets.committable()).toEqual([]);
  expect(offsets.take(at(0))).toBe(true);
});

test("stays small and right over a long run", () => {
  const offsets = createOffsets();
  for (let offset = 0; offset < 5_000; offset += 1) {
    expect(offsets.take(at(offset))).toBe(true);
    if (offset >= 10) offsets.finish(at(offset - 10));
  }
  expect(offsets.committable()).toEqual([at(4_990)]);
  expect(offsets.take(at(4_989))).toBe(false);
  expect(offsets.take(at(4_995))).toBe(false);
});

test("what is behind a record that was left is not held any more, until its partition is forgotten", () => {
  const offsets = createOffsets();
  const at = (offset: number) => ({ topic: "t", partition: 0, offset });
  for (const offset of [1, 2, 3]) offsets.take(at(offset));
  offsets.finish(at(3));
  offsets.leave(at(2));
  expect([1, 2, 3].map((offset) => offsets.holds(at(offset)))).toEqual([true, false, false]);
  offsets.finish(at(1));
  expect(offsets.committable()).toEqual([at(2)]);
  offsets.forget(at(0));
  offsets.take(at(2));
  expect(offsets.holds(at(2))).toBe(true);
});
