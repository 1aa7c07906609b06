import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { dataSchemaOf } from "../../protocol/request-event.ts";
import { contract } from "../project/app/contract.ts";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";
import type { RunningProcess } from "../helpers/processes.ts";
import { REPLY_SECRET, startConsumerProcess } from "./process.ts";
import { type ReplyReceiver, startReplyReceiver } from "./reply-receiver.ts";
import { callGateway, newRequest, produce, toWire } from "./requests.ts";

let gateway: GatewayProcess;
let receiver: ReplyReceiver;
let consumer: RunningProcess;

beforeAll(async () => {
  gateway = await startGatewayProcess();
  receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  consumer = await startConsumerProcess(gateway, receiver);
});

afterAll(async () => {
  await consumer?.stop();
  await receiver?.close();
  await gateway?.remove();
});

const replyTo = async (request: ReturnType<typeof newRequest>) => {
  await produce(gateway, [toWire(request)]);
  await receiver.until(() => receiver.stored.has(request.correlationId));
  return receiver.stored.get(request.correlationId);
};

test("replies to a request with what its handler returned", async () => {
  const reply = await replyTo(newRequest({ data: { a: 2, b: 40 } }));
  expect(reply).toMatchObject({ operation: "sum", state: "succeeded", data: { sum: 42 }, source: "/consumer/rejoinder" });
});

test("tells the caller what was wrong with a request that does not fit the schema", async () => {
  const reply = await replyTo(newRequest({ data: { a: "two" } }));
  expect(reply).toMatchObject({ state: "failed", data: { code: "INVALID_REQUEST", status: 422 } });
  expect(reply).toMatchObject({ data: { errors: [{ path: "/a" }, { path: "/b" }] } });
});

test("tells the caller that nothing handles an operation", async () => {
  const reply = await replyTo(newRequest({ operation: "constructor" }));
  expect(reply).toMatchObject({ operation: "constructor", state: "failed", data: { code: "NO_HANDLER", status: 501 } });
});

test("refuses a request that a Worker with another version of the contract checked, and takes one of its own version", async () => {
  const newer = defineContract({
    sum: operation({ request: contract.sum.request, reply: z.strictObject({ sum: z.number(), carry: z.number() }) }),
  });
  const [own, other] = [contract, newer].map(({ sum }) => dataSchemaOf("sum", sum.description.fingerprint));
  const refused = await replyTo(newRequest({ dataschema: other }));
  expect(refused).toMatchObject({ state: "failed", data: { code: "CONTRACT_MISMATCH", status: 503, retryable: true } });
  expect(refused).toMatchObject({
    data: { detail: expect.stringMatching(`^The Worker has ${other} and the consumer ${own}\\. Deploy both`) },
  });
  expect(await replyTo(newRequest({ dataschema: own }))).toMatchObject({ state: "succeeded", data: { sum: 5 } });
});

test("the reply goes on in the trace of its request", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  expect(await replyTo(newRequest({ traceparent }))).toMatchObject({ state: "succeeded", traceparent });
});

test("does not start a handler for a request past its deadline", async () => {
  const reply = await replyTo(newRequest({ deadline: Date.now() - 1_000 }));
  expect(reply).toMatchObject({ state: "expired" });
  expect(reply?.data).toBeUndefined();
});

test("tells the caller of a record that only names the request, and that it is among the dead letters", async () => {
  const request = newRequest();
  const { headers = [], ...record } = toWire(request);
  await produce(gateway, [{ ...record, value: "{", headers }]);
  await receiver.until(() => receiver.stored.has(request.correlationId));
  expect(receiver.stored.get(request.correlationId)).toMatchObject({
    operation: "sum",
    state: "failed",
    data: { code: "INVALID_RECORD", deadLetter: "requests-dlt" },
  });
});

test("puts a record that names nobody into the dead letters, and goes on", async () => {
  const [place] = await produce(gateway, [
    { topic: "requests", key: "k", value: "not an event", headers: [{ key: "kept", value: "as it was" }] },
  ]);
  await replyTo(newRequest());
  const place0 = { topic: "requests-dlt", partition: 0, offset: 0, timeout: 10_000 };
  const letters = (await callGateway(gateway, "/fetch", place0)) as { key: string; value: string; headers: object[] }[];
  const letter = letters.find(({ value }) => value === "not an event");
  expect(letter?.key).toBe("k");
  expect(letter?.headers).toEqual([
    { key: "kept", value: "as it was" },
    { key: "kafka_dlt-original-topic", value: "requests" },
    { key: "kafka_dlt-original-partition", value: String(place?.partition) },
    { key: "kafka_dlt-original-offset", value: String(place?.offset) },
    { key: "kafka_dlt-original-timestamp", value: expect.stringMatching(/^\d{13}$/) },
    { key: "kafka_dlt-original-timestamp-type", value: "CreateTime" },
    { key: "kafka_dlt-original-consumer-group", value: "rejoinder" },
    { key: "kafka_dlt-exception-fqcn", value: "RejoinderError" },
    { key: "kafka_dlt-exception-message", value: expect.stringContaining("Expected a CloudEvent") },
    { key: "rejoinder-code", value: "INVALID_RECORD" },
    { key: "rejoinder-attempts", value: "0" },
    { key: "rejoinder-failed-at", value: expect.stringMatching(/Z$/) },
  ]);
});

test("says that a slow request is being processed, before its reply", async () => {
  const data = { account: "acme", lines: [{ date: "2026-01-15", product: "bolt", quantity: 3, unitPrice: 0.1 }] };
  const request = newRequest({ operation: "report", orderingKey: "acme", data });
  const reply = await replyTo(request);
  expect(reply).toMatchObject({
    state: "succeeded",
    data: { total: 0.3, months: [{ month: "2026-01", byProduct: [{ product: "bolt", total: 0.3 }] }] },
  });
  const states = receiver.arrived.filter(({ correlationId }) => correlationId === request.correlationId).map(({ state }) => state);
  expect(states).toEqual(["processing", "succeeded"]);
});

test("adds up a report of products whatever they are called, and says when its total is more than a number can be", async () => {
  const line = { date: "2026-01-15", product: "__proto__", quantity: 1, unitPrice: 2 };
  const report = (...lines: object[]) =>
    replyTo(newRequest({ operation: "report", orderingKey: "acme", data: { account: "acme", lines } }));
  const [added, overflowed] = await Promise.all([report(line, line), report(line, { ...line, unitPrice: 1e308 })]);
  expect(added).toMatchObject({ data: { total: 4, months: [{ total: 4, byProduct: [{ product: "__proto__", total: 4 }] }] } });
  expect(overflowed).toMatchObject({ state: "failed", data: { status: 422, code: "TOTAL_OUT_OF_RANGE" } });
});

test("replies to a burst of requests in batches, each request once", async () => {
  const requests = Array.from({ length: 300 }, (_, index) => newRequest({ data: { a: index, b: 1 } }));
  const before = receiver.batches.length;
  await produce(gateway, requests.map(toWire));
  await receiver.until(() => requests.every(({ correlationId }) => receiver.stored.has(correlationId)));
  for (const { correlationId, data } of requests)
    expect(receiver.stored.get(correlationId)?.data).toEqual({ sum: (data as { a: number }).a + 1 });
  expect(receiver.batches.length - before).toBeLessThan(100);
  expect(receiver.refused).toBe(0);
});

test("commits all that it has replied to, ends on SIGTERM and leaves the group", async () => {
  await consumer.stop("SIGTERM");
  expect(await consumer.exited).toEqual({ code: 0, signal: null });
  const partitions = [0, 1, 2, 3, 4, 5].map((partition) => ({ topic: "requests", partition }));
  const committed = (await callGateway(gateway, "/committed/rejoinder/any", partitions)) as { partition: number; offset: number }[];
  for (const { partition, offset } of committed)
    expect(await callGateway(gateway, "/fetch", { topic: "requests", partition, offset, timeout: 1 })).toEqual([]);
  await expect(callGateway(gateway, "/delete-consumer/rejoinder/test-1")).rejects.toThrow("404");
});
