import { expect, test } from "vitest";
import { readDeadLetter } from "../../../protocol/dead-letter.ts";
import { encodeEvent } from "../../../protocol/kafka-record.ts";
import { createRequestEvent } from "../../../protocol/request-event.ts";
import { createRetryHeaders, RETRY_HEADERS } from "../../../protocol/retry-record.ts";
import { toRecord } from "../memory-source.ts";
import { createRetryStage, failing, START, workRecord, workRequest } from "./stage.ts";

const LONG = { firstSeconds: 60, maxSeconds: 600, order: "give-up" } as const;

/** A record of the retry topic, of a request that was first at offset 7 of partition 5. */
const waitingRecord = (request: ReturnType<typeof workRequest>, attempt: number, dueAt: number) => {
  const record = { ...toRecord(request), partition: 5, offset: 7, timestamp: 123, key: "k" };
  return {
    ...record,
    partition: 0,
    topic: "requests-retry",
    headers: [...record.headers, ...createRetryHeaders(record, { attempt, dueAt })],
  };
};

test("a pause of more than 30 s moves a request to the retry topic as it is, if its operation gives its order up, and its key goes on", async () => {
  const [request, next] = [workRequest("a"), workRequest("b")];
  const { begun, work } = failing({ a: 1 });
  const { elapse, sinks, source } = createRetryStage({ records: [workRecord(request, "k"), workRecord(next, "k")], retry: LONG, work });
  await elapse(200);
  expect(begun).toEqual(["a1", "b1"]);
  const { topic, key, value, headers } = source.produced[0] ?? { headers: [] };
  expect({ topic, key, value }).toEqual({ topic: "requests-retry", key: "k", value: toRecord(request).value });
  expect(headers).toEqual([
    ...toRecord(request).headers,
    { key: RETRY_HEADERS.dueAt, value: "2026-01-01T00:01:00.000Z" },
    { key: RETRY_HEADERS.attempt, value: "2" },
    { key: RETRY_HEADERS.partition, value: "0" },
    { key: RETRY_HEADERS.offset, value: "0" },
    { key: RETRY_HEADERS.timestamp, value: "0" },
  ]);
  expect(sinks.lastOf(request)).toMatchObject({ state: "processing", attempt: 2, data: { nextAttemptAt: "2026-01-01T00:01:00.000Z" } });
  expect(source.commits.at(-1)).toMatchObject({ offset: 2 });
});

test("a shorter pause is waited for where the record is, and so is any where the operation keeps its order", async () => {
  for (const retry of [
    { ...LONG, firstSeconds: 30 },
    { ...LONG, order: "keep" },
  ] as const) {
    const { begun, work } = failing({ a: 1 });
    const { elapse, source } = createRetryStage({
      records: [workRecord(workRequest("a"), "k"), workRecord(workRequest("b"), "k")],
      retry,
      work,
    });
    await elapse(29_000);
    expect(begun).toEqual(["a1"]);
    await elapse(31_000);
    expect(begun).toEqual(["a1", "a2", "b1"]);
    expect(source.produced).toEqual([]);
  }
});

test("while the retry topic cannot be reached, the request waits where it is", async () => {
  const { begun, work } = failing({ a: 1 });
  const { elapse, source, log } = createRetryStage({ records: [workRecord(workRequest("a"), "k")], retry: LONG, work });
  source.refuseToProduce(true);
  await elapse(60_000);
  expect(begun).toEqual(["a1", "a2"]);
  expect(log.lines).toContainEqual(expect.objectContaining({ level: "warn", to: "requests-retry" }));
});

test("a request in the retry topic is handled as the attempt that it names, when that is due, and then committed there", async () => {
  const request = workRequest("a");
  const { begun, work } = failing({});
  const { elapse, sinks, retrySource } = createRetryStage({
    records: [],
    waiting: [waitingRecord(request, 4, START + 90_000)],
    retry: LONG,
    work,
  });
  await elapse(89_999);
  expect(begun).toEqual([]);
  expect(retrySource?.commits).toEqual([]);
  await elapse(1_000);
  expect(begun).toEqual(["a1"]);
  expect(sinks.statesOf(request)).toEqual(["succeeded"]);
  await elapse(200);
  expect(retrySource?.commits).toEqual([{ topic: "requests-retry", partition: 0, offset: 1 }]);
});

test("one that fails there goes on from its attempt, and its dead letter is that of the topic where it was first", async () => {
  const request = workRequest("a");
  const { work } = failing({ a: 9 });
  const records = { records: [], waiting: [waitingRecord(request, 4, START)] };
  const { elapse, sinks, source } = createRetryStage({ ...records, retry: { attempts: 4, order: "give-up" }, work });
  await elapse(0);
  expect(source.produced).toMatchObject([{ topic: "requests-dlt", key: "k", value: toRecord(request).value }]);
  expect(readDeadLetter(source.produced[0] ?? { headers: [] })).toMatchObject({
    origin: { topic: "requests", partition: 5, offset: 7, timestamp: 123 },
    reason: { attempts: 4 },
    headers: toRecord(request).headers,
  });
  expect(sinks.lastOf(request)).toMatchObject({ state: "failed", data: { attempts: 4 } });
});

test("one that must wait long again returns to the retry topic, with the place where it was first", async () => {
  const { work } = failing({ a: 9 });
  const { elapse, source, retrySource } = createRetryStage({
    records: [],
    waiting: [waitingRecord(workRequest("a"), 2, START)],
    retry: LONG,
    work,
  });
  await elapse(200);
  const headers = Object.fromEntries((source.produced[0]?.headers ?? []).map(({ key, value }) => [key, value]));
  expect(source.produced).toMatchObject([{ topic: "requests-retry" }]);
  expect(headers).toMatchObject({
    [RETRY_HEADERS.attempt]: "3",
    [RETRY_HEADERS.dueAt]: "2026-01-01T00:02:00.000Z",
    [RETRY_HEADERS.partition]: "5",
    [RETRY_HEADERS.offset]: "7",
  });
  await elapse(200);
  expect(retrySource?.commits).toMatchObject([{ offset: 1 }]);
});

test("one that is cancelled while it waits there ends at once", async () => {
  const request = workRequest("a");
  const { begun, work } = failing({});
  const { elapse, sinks, cancellations } = createRetryStage({ records: [], waiting: [waitingRecord(request, 2, START + 90_000)], work });
  await elapse(0);
  cancellations.add([request.correlationId]);
  await elapse(0);
  expect(sinks.statesOf(request)).toEqual(["cancelled"]);
  await elapse(90_000);
  expect(begun).toEqual([]);
});

test("one that waits when the process drains is left to others", async () => {
  const { work } = failing({});
  const { elapse, consumer, retrySource } = createRetryStage({
    records: [],
    waiting: [waitingRecord(workRequest("a"), 2, START + 90_000)],
    work,
  });
  await elapse(0);
  await consumer.drain(60_000);
  expect(retrySource?.commits).toEqual([]);
});

test("a record in structured mode, which must have no other headers, is read there as it was", async () => {
  const request = workRequest("a");
  const { value } = encodeEvent(createRequestEvent(request), "structured");
  const record = { ...waitingRecord(request, 2, START), value };
  const headers = record.headers.filter(({ key }) => key.startsWith("rejoinder-"));
  const { elapse, sinks } = createRetryStage({ records: [], waiting: [{ ...record, headers }], work: () => "done" });
  await elapse(0);
  expect(sinks.lastOf(request)).toMatchObject({ state: "succeeded", data: "done" });
});

test.each([
  [RETRY_HEADERS.dueAt, "soon"],
  [RETRY_HEADERS.attempt, "1"],
  [RETRY_HEADERS.offset, "-1"],
  [RETRY_HEADERS.timestamp, ""],
])("a record there whose header %s is %j is a dead letter, and what is wrong is in it", async (name, value) => {
  const record = waitingRecord(workRequest("a"), 2, START);
  const headers = record.headers.map((header) => (header.key === name ? { key: name, value } : header));
  const { elapse, source } = createRetryStage({ records: [], waiting: [{ ...record, headers }], work: () => "" });
  await elapse(0);
  expect(source.produced).toMatchObject([{ topic: "requests-dlt" }]);
  expect(readDeadLetter(source.produced[0] ?? { headers: [] }).reason).toMatchObject({
    code: "INVALID_RECORD",
    message: expect.stringContaining(`Expected header ${name}`),
  });
});
