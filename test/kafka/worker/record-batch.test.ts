import { createRecordsBatch, murmur2 as murmur2OfLibrary } from "@platformatic/kafka";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { murmur2, partitionOfKey } from "../../../protocol/partitioner.ts";
import { createByteWriter } from "../../../worker/producers/kafka/bytes.ts";
import { crc32c, writeRecordBatch } from "../../../worker/producers/kafka/record-batch.ts";

const write = (records: readonly ProducerRecord[], timestampMs: number, { capacity = 0, maxBytes = Number.POSITIVE_INFINITY } = {}) => {
  const writer = createByteWriter(capacity);
  const count = writeRecordBatch(writer, records, { timestampMs, maxBytes });
  return { count, bytes: Buffer.from(writer.finish()) };
};

/** The same batch as the library of the Node processes makes it. */
const batchOfLibrary = (records: readonly ProducerRecord[], timestampMs: number): Buffer =>
  createRecordsBatch(
    records.map(({ topic, key, value, headers }) => ({
      topic,
      timestamp: BigInt(timestampMs),
      ...(key === undefined ? {} : { key: Buffer.from(key) }),
      value: Buffer.from(value),
      headers: new Map(headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value)])),
    })),
  ).buffer;

/** Of any characters, and of lengths around those where the size of a varint changes. */
const text = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength: 100 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((units) => String.fromCharCode(...units)),
    fc
      .tuple(fc.constantFrom("a", "ü", "€", "😀", "\0"), fc.constantFrom(0, 1, 15, 31, 47, 49, 63, 64, 65, 2_730, 4_096, 8_191, 8_192))
      .map(([character, count]) => character.repeat(count)),
  );

const record = (): fc.Arbitrary<ProducerRecord> =>
  fc.record({
    topic: fc.constant("topic"),
    key: fc.option(text(), { nil: undefined }),
    value: text(),
    headers: fc.array(fc.record({ key: text(), value: text() }), { maxLength: 3 }),
  });

test("a batch is byte for byte the one that the library on Node makes of the same records", () => {
  fc.assert(
    fc.property(
      fc.array(record(), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 4_102_444_800_000 }),
      fc.constantFrom(0, 1, 100_000),
      (records, timestampMs, capacity) => {
        const { count, bytes } = write(records, timestampMs, { capacity });
        expect(count).toBe(records.length);
        expect(bytes.equals(batchOfLibrary(records, timestampMs))).toBe(true);
      },
    ),
  );
});

test("a megabyte of text that takes three bytes a character is written whole", () => {
  const records = [{ topic: "topic", key: "k", value: "€".repeat(1024 * 1024), headers: [] }];
  expect(write(records, 1).bytes.equals(batchOfLibrary(records, 1))).toBe(true);
});

test("a batch takes as many records as fit, and one in any case", () => {
  const records = Array.from({ length: 5 }, () => ({ topic: "topic", value: "x".repeat(100), headers: [] }));
  for (const [maxBytes, expected] of [
    [1, 1],
    [300, 2],
    [10_000, 5],
  ] as const) {
    const { count, bytes } = write(records, 1, { maxBytes });
    expect(count).toBe(expected);
    expect(bytes.equals(batchOfLibrary(records.slice(0, expected), 1))).toBe(true);
  }
});

test("half a character is replaced, as everywhere", () => {
  const records = [{ topic: "topic", value: `a\ud800b${"x".repeat(60)}\udc00`, headers: [] }];
  expect(write(records, 1).bytes.equals(batchOfLibrary(records, 1))).toBe(true);
});

test("the checksum is that of RFC 3720", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
  const sums = [new Uint8Array(32), new Uint8Array(32).fill(0xff), ascending, ascending.toReversed()].map((bytes) => crc32c(bytes) >>> 0);
  expect(sums).toEqual([0x8a91_36aa, 0x62a8_ab43, 0x46dd_794e, 0x113f_db5c]);
});

test("a key leads to the partition where Kafka's own clients send it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
      const hash = Number(murmur2OfLibrary(Buffer.from(key))) | 0;
      expect(murmur2(key)).toBe(hash);
      expect(partitionOfKey(key, partitions)).toBe((hash & 0x7fff_ffff) % partitions);
    }),
  );
});
