import { expect, test } from "vitest";
import { readDeadLetter } from "../../../protocol/dead-letter.ts";
import { toRecord } from "../memory-source.ts";
import { newRequest } from "../requests.ts";
import { createRetryStage, failing, START, workRecord, workRequest } from "./stage.ts";

test("a request that fails is handled again after a pause, and its caller sees why and when", async () => {
  const request = workRequest("a");
  const { begun, work } = failing({ a: 2 });
  const { elapse, sinks, source } = createRetryStage({ records: [workRecord(request, "k")], work });
  await elapse(0);
  expect(sinks.replies).toMatchObject([
    { state: "processing", attempt: 2, data: { lastError: { code: "HANDLER_FAILED" }, nextAttemptAt: "2026-01-01T00:00:01.000Z" } },
  ]);
  await elapse(999);
  expect(begun).toEqual(["a1"]);
  await elapse(1);
  expect(begun).toEqual(["a1", "a2"]);
  await elapse(2_000);
  expect(sinks.statesOf(request)).toEqual(["processing", "processing", "succeeded"]);
  await elapse(200);
  expect(source.commits).toEqual([{ topic: "requests", partition: 0, offset: 1 }]);
});

test("after the last attempt the record is a dead letter, then its caller is told, and then it is committed", async () => {
  const request = workRequest("a");
  const { begun, work } = failing({ a: 9 });
  const { elapse, sinks, source } = createRetryStage({ records: [workRecord(request, "k", 3)], retry: { attempts: 3 }, work });
  source.refuseToProduce(true);
  await elapse(4_000);
  expect(begun).toEqual(["a1", "a2", "a3"]);
  expect(sinks.statesOf(request)).not.toContain("failed");
  source.refuseToProduce(false);
  await elapse(30_000);
  const [letter] = source.produced;
  expect(letter).toMatchObject({ topic: "requests-dlt", key: "k", value: toRecord(request).value });
  expect(readDeadLetter(letter ?? { headers: [] })).toEqual({
    origin: { topic: "requests", partition: 3, offset: 0, timestamp: 0, group: "test" },
    reason: {
      correlationId: request.correlationId,
      operation: "work",
      code: "HANDLER_FAILED",
      attempts: 3,
      failedAt: START + 3_000,
      exception: "TypeError",
      message: "a failed",
    },
    headers: toRecord(request).headers,
  });
  expect(sinks.lastOf(request)).toMatchObject({
    state: "failed",
    data: { code: "HANDLER_FAILED", attempts: 3, deadLetter: "requests-dlt" },
  });
  await elapse(200);
  expect(source.commits).toEqual([{ topic: "requests", partition: 3, offset: 1 }]);
});

test("no attempt begins after the deadline: what would have to is a dead letter at once", async () => {
  const request = workRequest("a", { deadline: START + 2_500 });
  const { begun, work } = failing({ a: 9 });
  const { elapse, sinks, source } = createRetryStage({ records: [workRecord(request, "k")], work });
  await elapse(1_000);
  expect(begun).toEqual(["a1", "a2"]);
  expect(source.produced).toMatchObject([{ topic: "requests-dlt" }]);
  expect(sinks.lastOf(request)).toMatchObject({ state: "failed", data: { attempts: 2 } });
});

test("a bug is not tried again where the operation does not say so", async () => {
  const { begun, work } = failing({ a: 9 });
  const { elapse, source } = createRetryStage({ records: [workRecord(workRequest("a"), "k")], retry: { on: "retryable" }, work });
  await elapse(60_000);
  expect(begun).toEqual(["a1"]);
  expect(source.produced).toMatchObject([{ topic: "requests-dlt" }]);
});

test("while one key pauses its own requests wait, and those of other keys are handled though only one handler may run at once", async () => {
  const names = [
    ["a", "slow"],
    ["b", "slow"],
    ["c", "other"],
    ["d", null],
  ] as const;
  const { begun, work } = failing({ a: 1 });
  const records = names.map(([name, key]) => workRecord(workRequest(name), key));
  const { elapse } = createRetryStage({ records, concurrency: 1, work });
  await elapse(999);
  expect(begun).toEqual(["a1", "c1", "d1"]);
  await elapse(1);
  expect(begun).toEqual(["a1", "c1", "d1", "a2", "b1"]);
});

test("a request that is cancelled while it pauses ends at once, nothing runs, and the next of its key goes on", async () => {
  const [request, next] = [workRequest("a"), workRequest("b")];
  const { begun, work } = failing({ a: 9 });
  const { elapse, sinks, cancellations, source } = createRetryStage({ records: [workRecord(request, "k"), workRecord(next, "k")], work });
  await elapse(500);
  cancellations.add([request.correlationId]);
  await elapse(200);
  expect(sinks.statesOf(request)).toEqual(["processing", "cancelled"]);
  expect(sinks.statesOf(next)).toEqual(["succeeded"]);
  await elapse(60_000);
  expect(begun).toEqual(["a1", "b1"]);
  await elapse(200);
  expect(source.commits.at(-1)).toMatchObject({ offset: 2 });
});

test("a request that is cancelled in the queue ends at once, and nothing runs when its turn comes", async () => {
  const [request, next] = [workRequest("a"), workRequest("b")];
  const { begun, work } = failing({ a: 1 });
  const { elapse, sinks, cancellations, source } = createRetryStage({ records: [workRecord(request, "k"), workRecord(next, "k")], work });
  await elapse(500);
  cancellations.add([next.correlationId]);
  await elapse(0);
  expect(sinks.statesOf(next)).toEqual(["cancelled"]);
  await elapse(60_000);
  expect(begun).toEqual(["a1", "a2"]);
  expect(sinks.statesOf(next)).toEqual(["cancelled"]);
  await elapse(200);
  expect(source.commits.at(-1)).toMatchObject({ offset: 2 });
});

test("a drain cuts pauses off: what pauses and what follows it in its partition are left to others", async () => {
  const requests = ["a", "b", "c"].map((name) => workRequest(name));
  const { begun, work } = failing({ b: 9 });
  const records = requests.map((request, index) => workRecord(request, index === 0 ? null : "k"));
  const { elapse, sinks, consumer, source } = createRetryStage({ records, work });
  await elapse(500);
  await consumer.drain(60_000);
  expect(begun).toEqual(["a1", "b1"]);
  expect(sinks.replies.filter(({ state }) => state !== "processing")).toMatchObject([{ data: "a" }]);
  expect(source.commits).toEqual([{ topic: "requests", partition: 0, offset: 1 }]);
});

test("partitions that go to other members are not waited for while their requests pause, and nothing of them overtakes", async () => {
  const requests = ["a", "b", "c"].map((name) => workRequest(name));
  const { begun, work } = failing({ a: 9 });
  const records = requests.map((request, index) => workRecord(request, index < 2 ? "k" : "other", index < 2 ? 0 : 1));
  const { elapse, source } = createRetryStage({ records, work });
  await elapse(500);
  const revoke = await source.onRevoked;
  await revoke([{ topic: "requests", partition: 0 }], new AbortController().signal);
  await elapse(60_000);
  expect(begun).toEqual(["a1", "c1"]);
  await elapse(200);
  expect(source.commits).toEqual([{ topic: "requests", partition: 1, offset: 3 }]);
});

test("a broken record that says whose request it was is a dead letter too", async () => {
  const { headers } = toRecord(newRequest());
  const { elapse, sinks, source } = createRetryStage({ records: [{ topic: "requests", value: "{", headers }], work: () => "" });
  await elapse(0);
  expect(source.produced).toMatchObject([{ topic: "requests-dlt", value: "{" }]);
  expect(sinks.replies).toMatchObject([{ state: "failed", data: { code: "INVALID_RECORD", deadLetter: "requests-dlt" } }]);
});

test("while requests that wait for one that pauses take half of the room in flight, their partition is left out", async () => {
  const { begun, work } = failing({ a: 1 });
  const records = ["a", ...Array.from({ length: 499 }, (_, index) => `b${index}`)].map((name) => workRecord(workRequest(name), "slow"));
  const { elapse, source } = createRetryStage({ records, work });
  await elapse(0);
  expect([...source.paused]).toEqual([0]);
  await elapse(1_000);
  expect([...source.paused]).toEqual([]);
  expect(begun).toHaveLength(501);
});
