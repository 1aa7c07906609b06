import { expect, test } from "vitest";
import { readConsumerFrame, readMailboxFrame } from "../../protocol/link.ts";
import { shardOfCorrelationId } from "../../protocol/correlation-id.ts";

const REPLIES = { type: "replies", batch: 3, replies: [{ id: "1" }] };
const HELLO = { type: "hello", instance: "consumer-1", version: "0.1.0", operations: ["sum"] };
const RESULTS = { type: "results", batch: 3, outcomes: ["stored", "retry"] };
const REFUSED = { type: "refused", batch: 3, code: "INVALID_BATCH", reason: "no" };

const LAG = { type: "lag", ask: 0, partitions: [{ topic: "requests", partition: 0, lag: 3 }] };

test.each([HELLO, REPLIES, LAG])("a frame of a consumer is read as it is: %j", (frame) => {
  expect(readConsumerFrame(JSON.stringify(frame))).toEqual(frame);
});

test.each([RESULTS, REFUSED, { type: "lag", ask: 0 }])("a frame of a mailbox is read as it is: %j", (frame) => {
  expect(readMailboxFrame(JSON.stringify(frame))).toEqual(frame);
});

test.each([
  "",
  "null",
  "[]",
  '{"type":"replies","batch":1,"replies":[',
  JSON.stringify({ ...REPLIES, batch: -1 }),
  JSON.stringify({ ...REPLIES, replies: {} }),
  JSON.stringify({ ...HELLO, operations: [1] }),
  JSON.stringify({ ...HELLO, instance: "x".repeat(256) }),
  JSON.stringify(RESULTS),
  JSON.stringify({ ...LAG, partitions: [{ topic: "requests", partition: 0, lag: -1 }] }),
  JSON.stringify({ ...LAG, partitions: Array.from({ length: 101 }, () => LAG.partitions[0]) }),
])("what is no frame of a consumer is refused, and the error says what one is: %s", (text) => {
  expect(() => readConsumerFrame(text)).toThrow(/^Expected a frame of /);
});

test.each(["{}", JSON.stringify({ ...RESULTS, outcomes: ["lost"] }), JSON.stringify({ ...REFUSED, code: "NO" }), JSON.stringify(REPLIES)])(
  "what is no frame of a mailbox is refused: %s",
  (text) => {
    expect(() => readMailboxFrame(text)).toThrow(/^Expected a frame of results/);
  },
);

test.each([0, 1, 63, 64, 255, 256, 4_711, 65_535])("the shard of a correlation ID can be read by anybody: %d", (shard) => {
  const bytes = Uint8Array.from({ length: 47 }, (_, index) => index * 5);
  new DataView(bytes.buffer).setUint16(1, shard);
  expect(shardOfCorrelationId(Buffer.from(bytes).toString("base64url"))).toBe(shard);
});
