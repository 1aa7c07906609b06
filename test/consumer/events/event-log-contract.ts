import { expect, test } from "vitest";
import { type AppendError, type EventLog, type NewEventRecord, TrimmedError } from "../../../consumer/events/event-log.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";

/** What the contract needs of the real thing behind an event log. */
export type EventLogStage = {
  /** A topic of two partitions that nobody else uses, and that keeps every record. */
  newTopic(): Promise<string>;
  /** A topic that will lose records, and what is to be said of it. */
  newForgetfulTopic(): Promise<{ readonly topic: string; readonly faults: readonly unknown[] }>;
  /** A topic that has lost the first records of its partition 0, and has others. */
  newTrimmedTopic(): Promise<string>;
  /** Another log of the same server. */
  openLog(): EventLog;
};

const NEVER = new AbortController().signal;
const NOW = { waitMs: 0, signal: NEVER } as const;

export const eventRecord = (value: string, more: Partial<NewEventRecord> = {}): NewEventRecord => ({
  key: "ada",
  value,
  headers: [],
  ...more,
});

const toText = (value: string | Uint8Array | null): string => (value === null ? "" : Buffer.from(value).toString());

const asText = ({ key, value, headers, offset }: ConsumerRecord) => ({
  offset,
  key: toText(key),
  value: toText(value),
  headers: headers.map((header) => ({ key: header.key, value: toText(header.value) })),
});

/** Reads on until an offset. */
export const readUntil = async (log: EventLog, topic: string, partition: number, until: number) => {
  const found: ReturnType<typeof asText>[] = [];
  for (let offset = 0; offset < until;) {
    const { records, next } = await log.read({ topic, partition, offset }, { waitMs: 5_000, signal: NEVER });
    found.push(...records.map(asText));
    offset = next;
  }
  return found;
};

/** What every event log promises; a driver runs it on the real thing. */
export const describeEventLog = (stage: EventLogStage): void => {
  const open = (onTestFinished: (close: () => Promise<void>) => void): EventLog => {
    const log = stage.openLog();
    onTestFinished(() => log.close());
    return log;
  };

  test("gives records back as they were appended, in their order, at the offsets that it answered", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTopic();
    const headers = [
      { key: "commit", value: "ü" },
      { key: "after", value: "" },
      { key: "after", value: "last" },
    ];
    const offsets = await log.append({ topic, partition: 1 }, [eventRecord("a", { headers }), eventRecord("b", { key: "bob" })]);
    expect(offsets).toEqual([0, 1]);
    expect(await log.append({ topic, partition: 1 }, [eventRecord("c")])).toEqual([2]);
    expect(await log.append({ topic, partition: 0 }, [eventRecord("other")])).toEqual([0]);
    const { records, next, end } = await log.read({ topic, partition: 1, offset: 0 }, NOW);
    expect(records.map(asText)).toEqual([
      { offset: 0, key: "ada", value: "a", headers },
      { offset: 1, key: "bob", value: "b", headers: [] },
      { offset: 2, key: "ada", value: "c", headers: [] },
    ]);
    expect({ next, end }).toEqual({ next: 3, end: 3 });
    expect((await log.read({ topic, partition: 1, offset: 2 }, NOW)).records.map(asText)).toMatchObject([{ value: "c" }]);
    expect(await log.ends({ topic, partition: 1 })).toEqual({ first: 0, end: 3 });
  });

  test("nothing is lost, doubled or out of order when several append at once, and each knows where its records are", async ({
    onTestFinished,
  }) => {
    const topic = await stage.newTopic();
    const logs = [open(onTestFinished), open(onTestFinished), open(onTestFinished)];
    const answered = new Map<number, string>();
    await Promise.all(
      logs.map(async (log, writer) => {
        for (let round = 0; round < 20; round += 1) {
          const values = [0, 1, 2].map((index) => `${writer}/${round}/${index}`);
          const offsets = await log.append(
            { topic, partition: 0 },
            values.map((value) => eventRecord(value)),
          );
          for (const [index, offset] of offsets.entries()) answered.set(offset, values[index] as string);
        }
      }),
    );
    const found = await readUntil(logs[0] as EventLog, topic, 0, 180);
    expect(found.map(({ offset }) => offset)).toEqual(Array.from({ length: 180 }, (_, offset) => offset));
    for (const { offset, value } of found) expect(answered.get(offset)).toBe(value);
    for (const writer of [0, 1, 2]) {
      const own = found.filter(({ value }) => value.startsWith(`${writer}/`)).map(({ value }) => value);
      expect(own).toEqual(Array.from({ length: 20 }, (_, round) => [0, 1, 2].map((index) => `${writer}/${round}/${index}`)).flat());
    }
  });

  test("a read that waits is answered by the next append, and not by its timeout", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTopic();
    // The test ends in time only if the wait does not.
    const reading = log.read({ topic, partition: 0, offset: 0 }, { waitMs: 600_000, signal: NEVER });
    const beside = await log.read({ topic, partition: 1, offset: 0 }, NOW);
    expect(beside).toEqual({ records: [], next: 0, end: 0 });
    await log.append({ topic, partition: 0 }, [eventRecord("at last")]);
    const { records, next } = await reading;
    expect(records.map(asText)).toMatchObject([{ value: "at last" }]);
    expect(next).toBe(1);
  });

  test("a read ends with the reason of its signal", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTopic();
    const stop = new AbortController();
    const reading = log.read({ topic, partition: 0, offset: 0 }, { waitMs: 20_000, signal: stop.signal });
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  test("says how far the end is when one read does not reach it, and reads on from there", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTopic();
    const value = "x".repeat(200_000);
    const records = Array.from({ length: 60 }, (_, index) => eventRecord(`${index} ${value}`));
    const offsets = await log.append({ topic, partition: 0 }, records);
    expect(offsets).toEqual(records.map((_, index) => index));
    const first = await log.read({ topic, partition: 0, offset: 0 }, NOW);
    expect(first.next).toBeLessThan(60);
    expect(first.end).toBe(60);
    const found = await readUntil(log, topic, 0, 60);
    expect(found.map(({ value }) => parseInt(value, 10))).toEqual(offsets);
  });

  test("refuses a record that is too large, stores nothing of it, and takes the next one", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTopic();
    const failure = await log.append({ topic, partition: 0 }, [eventRecord("x".repeat(1_500_000))]).catch((error: unknown) => error);
    expect((failure as AppendError).outcome).toBe("rejected");
    expect(await log.append({ topic, partition: 0 }, [eventRecord("small")])).toEqual([0]);
  });

  test(
    "an append to a topic that does not exist stored nothing, and may be tried again",
    { timeout: 60_000 },
    async ({ onTestFinished }) => {
      const log = open(onTestFinished);
      const failure = await log.append({ topic: "no-such-topic", partition: 0 }, [eventRecord("a")]).catch((error: unknown) => error);
      expect((failure as AppendError).outcome).toBe("unavailable");
    },
  );

  test("tells how many partitions topics have, and leaves out those that do not exist", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTopic();
    expect(await log.partitions([topic, "no-such-topic"])).toEqual(new Map([[topic, 2]]));
  });

  test("refuses to read on where records were deleted, or where there never were any", { timeout: 60_000 }, async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    const topic = await stage.newTrimmedTopic();
    const { first, end } = await log.ends({ topic, partition: 0 });
    expect(first).toBeGreaterThan(0);
    expect(end).toBeGreaterThan(first);
    const readAt = (offset: number, waitMs = 0) => log.read({ topic, partition: 0, offset }, { waitMs, signal: NEVER });
    await expect(readAt(0)).rejects.toThrow(TrimmedError);
    await expect(readAt(first - 1, 20_000)).rejects.toThrow(TrimmedError);
    await expect(readAt(end + 1)).rejects.toThrow(TrimmedError);
    const { records, next } = await readAt(first);
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: end - first }, (_, index) => first + index));
    expect(next).toBe(end);
  });

  test("names what may make a topic lose records, and how to mend it; a topic that keeps them has no fault", async ({ onTestFinished }) => {
    const log = open(onTestFinished);
    expect(await log.faults(await stage.newTopic())).toEqual([]);
    const { topic, faults } = await stage.newForgetfulTopic();
    expect(await log.faults(topic)).toEqual(faults);
    expect(await log.faults("no-such-topic", 6)).toEqual([expect.stringMatching(/no-such-topic.*6/)]);
  });
};
