import fc from "fast-check";
import { expect, test } from "vitest";
import { readRecord } from "../../consumer/reading.ts";
import { encodeEvent } from "../../protocol/kafka-record.ts";
import { createRequestEvent } from "../../protocol/request-event.ts";
import { newCorrelationId, newRequest } from "./requests.ts";

test.each(["binary", "structured"] as const)("reads a request that travelled in %s mode", (mode) => {
  const request = newRequest({ orderingKey: "acme", data: { a: 1, b: [null, "ü"] } });
  expect(readRecord(encodeEvent(createRequestEvent(request), mode))).toEqual({ kind: "request", request });
});

test("a broken record that names its request is refused to that request's caller, without repeating what was in it", () => {
  const correlationId = newCorrelationId();
  const headers = [
    { key: "ce_specversion", value: "1.0" },
    { key: "ce_correlationid", value: correlationId },
    { key: "ce_type", value: "sum" },
    { key: "ce_traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    { key: "ce_secret", value: "not for the caller" },
  ];
  const reading = readRecord({ value: "{}", headers });
  expect(reading).toMatchObject({
    kind: "refused",
    to: { correlationId, operation: "sum", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    error: { code: "INVALID_RECORD", members: {} },
  });
});

test("a request without a deadline is refused to its caller", () => {
  const { expirytime: _, ...event } = createRequestEvent(newRequest());
  expect(readRecord(encodeEvent(event as never))).toMatchObject({
    kind: "refused",
    error: { detail: expect.stringContaining("expirytime") },
  });
});

test("an event whose correlation ID could be none is dead", () => {
  const event = createRequestEvent(newRequest({ correlationId: "short" }));
  expect(readRecord(encodeEvent(event))).toMatchObject({ kind: "dead", reason: expect.stringContaining("correlationid") });
});

test("nothing that can be in a record makes reading throw", () => {
  const text = fc.oneof(fc.string(), fc.uint8Array(), fc.constant(null), fc.json());
  const name = fc.oneof(
    fc.constantFrom("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_correlationid", "content-type"),
    fc.string(),
  );
  fc.assert(
    fc.property(text, fc.array(fc.record({ key: name, value: text })), (value, headers) => {
      expect(["request", "refused", "dead"]).toContain(readRecord({ value, headers }).kind);
    }),
  );
});
