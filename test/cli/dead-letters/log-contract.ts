import { describe, expect, test } from "vitest";
import type { DeadLetterLog, OffsetRange } from "../../../worker/dead-letters/log.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { allOf } from "./letters.ts";

export type LogStage = {
  readonly log: DeadLetterLog;
  /** A topic of two partitions of its own. */
  readonly topic: string;
  /** Stores texts in a partition, one after another. @param timestamp milliseconds since 1970; absent: now */
  produce(partition: number, values: readonly string[], timestamp?: number): Promise<unknown>;
};

const valuesOf = async (log: DeadLetterLog, range: OffsetRange | undefined): Promise<string[]> => {
  const values: string[] = [];
  if (range !== undefined) for await (const { value } of log.records(range)) values.push(textOf(value));
  return values;
};

const textOf = (value: ConsumerRecord["value"]): string => (value === null ? "" : Buffer.from(value as string).toString());

/** What every log of dead letters does. */
export const describeLog = (name: string, open: () => Promise<LogStage>): void => {
  describe(`dead letters, read ${name}`, () => {
    test("says what there is of each partition, and leaves out a topic that does not exist", async () => {
      const { log, topic, produce } = await open();
      await produce(1, ["a", "b", "c"]);
      expect(await log.ranges([topic, `${topic}-nowhere`])).toEqual([
        { topic, partition: 0, start: 0, end: 0 },
        { topic, partition: 1, start: 0, end: 3 },
      ]);
      expect(await log.ranges([`${topic}-nowhere`])).toEqual([]);
    });

    test("is read from the beginning to where it ended when it was asked, and not beyond", async () => {
      const { log, topic, produce } = await open();
      await produce(0, ["a", "b"]);
      const [range] = await log.ranges([topic]);
      await produce(0, ["c"]);
      expect(await valuesOf(log, range)).toEqual(["a", "b"]);
      expect(await valuesOf(log, { topic, partition: 0, start: 1, end: 2 })).toEqual(["b"]);
    });

    test("is read from a time on", async () => {
      const { log, topic, produce } = await open();
      const noon = Date.now() - 3_600_000;
      await produce(0, ["before"], noon - 1);
      await produce(0, ["at", "after"], noon);
      const [range] = await log.ranges([topic], noon);
      expect(await valuesOf(log, range)).toEqual(["at", "after"]);
      const [later] = await log.ranges([topic], noon + 1);
      expect(await valuesOf(log, later)).toEqual([]);
    });

    test("is read whole, also where that takes many answers", async () => {
      const { log, topic, produce } = await open();
      const names = Array.from({ length: 16 }, (_, index) => String(index).padStart(2, "0"));
      for (const name of names) await produce(0, [name + "x".repeat(700_000)]);
      const [range] = await log.ranges([topic]);
      expect((await valuesOf(log, range)).map((value) => value.slice(0, 2))).toEqual(names);
    });

    test("keeps what is appended in the partition that was named, with its headers", async () => {
      const { log, topic } = await open();
      await log.append({ topic, partition: 1, value: "done", headers: [{ key: "name", value: "ü" }] });
      const range = { topic, partition: 1, start: 0, end: 1 };
      const records = await allOf(log.records(range));
      expect(records).toMatchObject([{ topic, partition: 1, offset: 0, timestamp: expect.any(Number) }]);
      const [{ value, headers } = { value: null, headers: [] }] = records;
      expect(textOf(value)).toBe("done");
      expect(headers.map((header) => [header.key, textOf(header.value)])).toEqual([["name", "ü"]]);
    });
  });
};
