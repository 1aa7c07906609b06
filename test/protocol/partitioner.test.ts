import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { murmur2, partitionOfKey } from "../../protocol/partitioner.ts";

// From org.apache.kafka.common.utils.UtilsTest.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("hashes %j as Kafka does", (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test("puts every key where Apache Kafka's Java client puts it", () => {
  const lines = readFileSync(new URL("../kafka/vectors/murmur2.tsv", import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines).toHaveLength(400);
  for (const line of lines) {
    const [encoded = "", ...expected] = line.split("\t");
    const bytes = Buffer.from(encoded, "base64");
    const partitions = [6, 7, 1000].map((count) => partitionOfKey(bytes, count));
    expect([murmur2(bytes), ...partitions]).toEqual(expected.map(Number));
  }
});

test("sends every key, negative hashes among them, to a partition that exists", () => {
  expect(partitionOfKey(Buffer.from("21"), 6)).toBe((-973932308 & 0x7fffffff) % 6);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
      const partition = partitionOfKey(Buffer.from(key), partitions);
      return Number.isInteger(partition) && partition >= 0 && partition < partitions;
    }),
  );
});
