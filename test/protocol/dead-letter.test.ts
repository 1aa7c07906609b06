import { expect, test } from "vitest";
import { createDeadLetterHeaders, type DeadLetterOrigin, type DeadLetterReason, readDeadLetter } from "../../protocol/dead-letter.ts";

const origin: DeadLetterOrigin = { topic: "requests", partition: 3, offset: 2 ** 40, timestamp: 1_700_000_000_123, group: "rejoinder" };
const reason: DeadLetterReason = {
  correlationId: "c".repeat(63),
  operation: "sum",
  code: "HANDLER_FAILED",
  attempts: 5,
  failedAt: Date.parse("2026-01-01T00:00:00.000Z"),
  exception: "TypeError",
  message: "x is not a function",
};

test("a dead letter says where its record was, what went wrong, and which headers it had before", () => {
  const own = [{ key: "ce_id", value: "1" }];
  const headers = [...own, ...createDeadLetterHeaders(origin, reason)];
  expect(readDeadLetter({ headers })).toEqual({ origin, reason, headers: own });
});

test("a record that names nobody, and one whose time is that of its arrival, are told apart from others", () => {
  const arrived = { ...origin, isAppendTime: true } as const;
  const headers = createDeadLetterHeaders(arrived, { ...reason, correlationId: undefined, operation: undefined, attempts: 0 });
  const letter = readDeadLetter({ headers });
  expect(letter.origin).toEqual(arrived);
  expect(letter.reason).not.toHaveProperty("correlationId");
  expect(letter.reason).not.toHaveProperty("operation");
  expect(letter.reason).toMatchObject({ code: "HANDLER_FAILED", attempts: 0 });
});

test("a long message is cut", () => {
  const headers = createDeadLetterHeaders(origin, { ...reason, message: "x".repeat(1_000_000) });
  expect(readDeadLetter({ headers }).reason.message).toHaveLength(1_000);
});

test("Spring's dead letters are read too, whose numbers are bytes, and its further headers belong to it", () => {
  const int64 = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  };
  const partition = Buffer.alloc(4);
  partition.writeInt32BE(3);
  const headers = [
    { key: "kafka_correlationId", value: Buffer.from("kept") },
    { key: "kafka_dlt-original-topic", value: Buffer.from("requests") },
    { key: "kafka_dlt-original-partition", value: partition },
    { key: "kafka_dlt-original-offset", value: int64(2n ** 40n) },
    { key: "kafka_dlt-original-timestamp", value: int64(1_700_000_000_123n) },
    { key: "kafka_dlt-exception-fqcn", value: Buffer.from("java.lang.IllegalStateException") },
    { key: "kafka_dlt-exception-stacktrace", value: Buffer.from("at …") },
  ];
  expect(readDeadLetter({ headers })).toEqual({
    origin: { topic: "requests", partition: 3, offset: 2 ** 40, timestamp: 1_700_000_000_123 },
    reason: { exception: "java.lang.IllegalStateException" },
    headers: [{ key: "kafka_correlationId", value: Buffer.from("kept") }],
  });
});

test("what is no number, no time and no text is left out", () => {
  const headers = [
    { key: "kafka_dlt-original-offset", value: "many" },
    { key: "kafka_dlt-original-topic", value: Buffer.from([0xff]) },
    { key: "kafka_dlt-original-partition", value: null },
    { key: "rejoinder-failed-at", value: "yesterday" },
    { key: "rejoinder-attempts", value: Buffer.from([1, 2, 3]) },
  ];
  expect(readDeadLetter({ headers })).toEqual({ origin: {}, reason: {}, headers: [] });
});
