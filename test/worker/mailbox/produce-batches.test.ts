import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createProduceBatches, PRODUCE_LIMITS } from "../../../worker/mailbox/produce-batches.ts";
import type { ProduceOutcome, Producer } from "../../../worker/producer.ts";

const record = (value: string): ProducerRecord => ({ topic: "requests", key: value, value, headers: [] });
const storedAt = (offset: number): ProduceOutcome => ({ outcome: "stored", metadata: { topic: "requests", partition: 0, offset } });

/** A producer whose calls end when the test says so. */
const heldProducer = (limits: Producer["limits"] = { maxBatchRecords: 200, maxBatchBytes: 1024 * 1024 }) => {
  const calls: { records: readonly ProducerRecord[]; deadline: number; end: () => void }[] = [];
  const producer: Producer = {
    name: "held",
    limits,
    check: async () => [],
    produce: (records, deadline) =>
      new Promise((resolve) => calls.push({ records, deadline, end: () => resolve(records.map((_, offset) => storedAt(offset))) })),
  };
  return { calls, producer };
};
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

describe("produce batches", () => {
  test("wait for one call where that makes larger batches, but not for one that hangs", async () => {
    const time = createManualTime();
    const { calls, producer } = heldProducer();
    const batches = createProduceBatches({ producer, time });
    const produce = async (value: string): Promise<void> => {
      void batches.produce(record(value), time.now() + 5_000);
      await settled();
    };
    const sent = (): string[] => calls.map(({ records }) => records.map(({ value }) => value).join());
    for (const value of ["a", "b", "c"]) await produce(value);
    expect(sent()).toEqual(["a"]);
    await time.elapse(20);
    expect(sent()).toEqual(["a", "b,c"]);
    calls[1]?.end();
    await settled();
    for (const value of ["d", "e"]) await produce(value);
    expect(sent()).toEqual(["a", "b,c", "d"]);
    calls[0]?.end();
    calls[2]?.end();
    await settled();
    expect(sent()).toEqual(["a", "b,c", "d", "e"]);
  });

  test("send at once what comes in one go while no call is under way, then gather", async () => {
    const { calls, producer } = heldProducer();
    const batches = createProduceBatches({ producer, time: createManualTime() });
    for (const values of [["a", "b"], ["c"], ["d", "e"]]) {
      for (const value of values) void batches.produce(record(value), Date.now() + 5_000);
      await settled();
    }
    const sent = () => calls.map(({ records }) => records.map(({ value }) => value));
    expect(sent()).toEqual([["a", "b"]]);
    calls[0]?.end();
    await settled();
    expect(sent()).toEqual([
      ["a", "b"],
      ["c", "d", "e"],
    ]);
  });

  test("make as many calls at once as the producer asks for, and then gather until a batch is full", async () => {
    const { calls, producer } = heldProducer({ maxBatchRecords: 2, maxBatchBytes: 1024, eagerCalls: 3, maxCalls: 4 });
    const batches = createProduceBatches({ producer, time: createManualTime(Date.now()) });
    const sent = () => calls.map(({ records }) => records.map(({ value }) => value));
    for (const value of ["a", "b", "c", "d"]) {
      void batches.produce(record(value), Date.now() + 5_000);
      await settled();
    }
    expect(sent()).toEqual([["a"], ["b"], ["c"]]);
    for (const value of ["e", "f", "g"]) {
      void batches.produce(record(value), Date.now() + 5_000);
      await settled();
    }
    expect(sent()).toEqual([["a"], ["b"], ["c"], ["d", "e"]]);
  });

  test("keep the order, lose none and stay within every bound, the proxy's own among them", async () => {
    // Some come in one go with the one before.
    const values = fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.boolean()), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 30, max: 200 }),
        async (sent, maxBatchRecords, maxBatchBytes) => {
          const { calls, producer } = heldProducer({ maxBatchRecords, maxBatchBytes });
          const batches = createProduceBatches({ producer, time: createManualTime(Date.now()) });
          const outcomes: Promise<unknown>[] = [];
          for (const [value, inOneGo] of sent) {
            if (!inOneGo) await settled();
            outcomes.push(batches.produce(record(value), Date.now() + 5_000));
          }
          await settled();
          for (let ended = 0; ended < calls.length; ended++) {
            expect(calls.length - ended).toBeLessThanOrEqual(PRODUCE_LIMITS.maxCalls);
            calls[ended]?.end();
            await settled();
          }
          expect(calls.flatMap(({ records }) => records.map(({ value }) => value))).toEqual(sent.map(([value]) => value));
          for (const { records } of calls) {
            expect(records.length).toBeLessThanOrEqual(maxBatchRecords);
            const bytes = records.reduce((sum, { key = "", value }) => sum + key.length + value.length, 0);
            if (records.length > 1) expect(bytes).toBeLessThanOrEqual(maxBatchBytes);
          }
          for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatchObject({ outcome: "stored" });
        },
      ),
      { numRuns: 40 },
    );
  });

  test("refuse at once when too much is waiting", async () => {
    const { producer } = heldProducer();
    const batches = createProduceBatches({ producer, limits: { maxQueuedRecords: 1 }, time: createManualTime(Date.now()) });
    for (const value of ["a", "b"]) {
      void batches.produce(record(value), Date.now() + 5_000);
      await settled();
    }
    expect(await batches.produce(record("d"), Date.now() + 5_000)).toEqual({ outcome: "overloaded" });
  });

  test("call a record unavailable that could not be sent in time, since it certainly was not stored", async () => {
    const { calls, producer } = heldProducer();
    let now = 0;
    const batches = createProduceBatches({ producer, time: { ...createManualTime(), now: () => now } });
    const outcomes: Promise<unknown>[] = [];
    for (const value of ["a", "b"]) {
      outcomes.push(batches.produce(record(value), 5_000));
      await settled();
    }
    now = 4_900;
    calls[0]?.end();
    expect(await outcomes[1]).toMatchObject({ outcome: "unavailable" });
    expect(calls).toHaveLength(1);
  });

  test("give a call the earliest deadline of its records", async () => {
    const { calls, producer } = heldProducer();
    const batches = createProduceBatches({ producer, time: createManualTime(0) });
    for (const deadline of [9_000, 4_000, 3_000]) void batches.produce(record("a"), deadline);
    await settled();
    expect(calls.map((call) => call.deadline)).toEqual([3_000]);
  });
});
