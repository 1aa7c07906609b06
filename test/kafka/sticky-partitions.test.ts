import fc from "fast-check";
import { expect, test } from "vitest";
import { systemTime } from "../../environment/time.ts";
import { createPendingCall, type PendingRecord } from "../../kafka/pending-record.ts";
import { createStickyPartitions, type Outlook } from "../../kafka/sticky-partitions.ts";

const records = (count: number, bytes = 10): readonly PendingRecord[] => {
  const call = createPendingCall(
    Array.from({ length: count }, () => ({ topic: "t", value: Buffer.alloc(bytes) })),
    1_000,
    { ...systemTime, setTimeout: () => undefined },
  );
  return call.records;
};

type State = ReturnType<Outlook["stateOf"]>;

/** @param gathering the partition whose records wait */
const outlook = (states: readonly State[], gathering?: number): Outlook => ({
  partitions: states.length,
  stateOf: (partition) => states[partition] ?? "leaderless",
  isGathering: (partition) => partition === gathering,
});

/** The partitions of records that come together, each once. */
const createPlace = (random?: () => number) => {
  const place = createStickyPartitions(random);
  return (count: number, look: Outlook, bytes?: number): readonly (number | undefined)[] => {
    const together = records(count, bytes);
    place("t", together, look);
    return [...new Set(together.map(({ partition }) => partition))];
  };
};

test("records that come together share a partition, and every partition gets as many batches, whatever their size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), fc.nat(9), (partitions, rounds, start) => {
      const place = createPlace(() => start / 10);
      const used = Array.from({ length: partitions * rounds }, (_, batch) =>
        place(1 + (batch % 3), outlook(Array.from({ length: partitions }, () => "free"))),
      );
      for (const batch of used) expect(batch).toHaveLength(1);
      const counts = Map.groupBy(used.flat(), (partition) => partition);
      expect([...counts.values()].map(({ length }) => length)).toEqual(Array.from({ length: partitions }, () => rounds));
    }),
  );
});

test("a partition without a leader gets nothing while another has one", () => {
  const state = fc.constantFrom<State>("free", "busy", "leaderless");
  fc.assert(
    fc.property(fc.array(fc.array(state, { minLength: 3, maxLength: 3 }), { maxLength: 20 }), fc.option(fc.nat(2)), (looks, gathering) => {
      const place = createPlace();
      for (const states of looks) {
        const [partition = -1] = place(2, outlook(states, gathering ?? undefined));
        if (states.some((state) => state !== "leaderless")) expect(states[partition]).not.toBe("leaderless");
        if (states.includes("free")) expect(states[partition]).toBe("free");
      }
    }),
  );
});

test("a batch that waits for a busy leader takes what comes until it is sent, and the next goes elsewhere", () => {
  const place = createPlace(() => 0);
  const busy = ["busy", "busy", "busy"] as const;
  expect(place(1, outlook(busy))).toEqual([0]);
  expect(place(5, outlook(busy, 0))).toEqual([0]);
  expect(place(5, outlook(busy, 0))).toEqual([0]);
  expect(place(1, outlook(busy))).toEqual([1]);
});

test("a leader that hangs gets no more while others are free", () => {
  const place = createPlace(() => 0);
  expect(place(1, outlook(["busy", "busy", "busy"]))).toEqual([0]);
  expect(place(1, outlook(["busy", "free", "free"], 0))).toEqual([1]);
  expect(place(1, outlook(["busy", "free", "free"], 0))).toEqual([2]);
  expect(place(1, outlook(["busy", "free", "free"], 0))).toEqual([1]);
});

test("more than a batch holds is spread over several partitions", () => {
  const place = createPlace(() => 0);
  expect(place(4, outlook(["free", "free", "free", "free"]), 500_000)).toEqual([0, 1, 2, 3]);
  const waiting = createPlace(() => 0);
  expect(waiting(1, outlook(["busy", "busy"]), 500_000)).toEqual([0]);
  expect(waiting(1, outlook(["busy", "busy"], 0), 500_000)).toEqual([1]);
});

test("a topic that was made again with fewer partitions is used as it is now", () => {
  const place = createPlace(() => 0.9);
  expect(place(1, outlook(["free", "free", "free", "free"]))).toEqual([3]);
  expect(place(1, outlook(["free"]))).toEqual([0]);
});
