import { expect, test } from "vitest";
import type { FetchResponsePartition } from "../../kafka/protocol.ts";
import { readBatches } from "../../kafka/record-batches.ts";

const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
const APPEND_TIME = 1 << 3;
const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

type Batch = { readonly at: number; readonly values: readonly string[]; readonly attributes?: number; readonly producer?: bigint };

const batch = ({ at, values, attributes = 0, producer = -1n }: Batch, key: Buffer | null = null) => ({
  firstOffset: BigInt(at),
  lastOffsetDelta: values.length - 1,
  attributes,
  producerId: producer,
  firstTimestamp: 1_000n,
  maxTimestamp: 5_000n,
  records: values.map((value, offsetDelta) => ({
    offsetDelta,
    timestampDelta: BigInt(offsetDelta),
    key,
    value: Buffer.from(value),
    headers: [],
  })),
});

const marker = (at: number, producer: bigint, key: Buffer) =>
  batch({ at, values: [""], attributes: TRANSACTIONAL | CONTROL, producer }, key);

const read = (
  from: number,
  records: readonly ReturnType<typeof batch>[],
  abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] = [],
  readCommitted = true,
) =>
  readBatches(
    { topic: "t", partition: 0, offset: from },
    { records, highWatermark: 100n, abortedTransactions } as unknown as FetchResponsePartition,
    { readCommitted },
  );

const valuesOf = ({ records }: ReturnType<typeof read>) => records.map(({ value }) => String(value));

test("a batch that begins before the wanted offset is read from that offset on", () => {
  const found = read(6, [batch({ at: 5, values: ["a", "b", "c"] })]);
  expect(found).toMatchObject({
    next: 8,
    end: 100,
    records: [
      { offset: 6, timestamp: 1_001 },
      { offset: 7, timestamp: 1_002 },
    ],
  });
});

test("records of a topic that keeps the time of arrival have the time of their batch", () => {
  expect(read(0, [batch({ at: 0, values: ["a"], attributes: APPEND_TIME })]).records).toMatchObject([{ timestamp: 5_000 }]);
});

test("reading goes on past markers and past records that compaction removed", () => {
  const compacted = { ...batch({ at: 4, values: ["a"] }), lastOffsetDelta: 9 };
  expect(read(0, [compacted]).next).toBe(14);
  expect(read(0, [marker(0, 1n, COMMIT)])).toMatchObject({ next: 1, records: [] });
});

test("only records of the aborted transaction are left out, also where others are between them", () => {
  const transactional = (at: number, value: string, producer: bigint) =>
    batch({ at, values: [value], attributes: TRANSACTIONAL, producer });
  const log = [
    transactional(0, "aborted", 1n),
    transactional(1, "other", 2n),
    batch({ at: 2, values: ["plain"] }),
    transactional(3, "aborted too", 1n),
    marker(4, 1n, ABORT),
    transactional(5, "next", 1n),
    marker(6, 1n, COMMIT),
    marker(7, 2n, COMMIT),
  ];
  const aborted = [{ producerId: 1n, firstOffset: 0n }];
  expect(valuesOf(read(0, log, aborted))).toEqual(["other", "plain", "next"]);
  expect(valuesOf(read(0, log, aborted, false))).toEqual(["aborted", "other", "plain", "aborted too", "next"]);
});

test("a transaction that began before the wanted offset is left out as well", () => {
  const log = [batch({ at: 10, values: ["aborted"], attributes: TRANSACTIONAL, producer: 1n }), marker(11, 1n, ABORT)];
  expect(read(10, log, [{ producerId: 1n, firstOffset: 2n }])).toMatchObject({ records: [], next: 12 });
});
