import { expect, test } from "vitest";
import { createRequestEvent, readRequestEvent, type RequestEvent } from "../../protocol/request-event.ts";

const request: RequestEvent = {
  correlationId: "c".repeat(63),
  operation: "sum",
  source: "/worker",
  acceptedAt: Date.UTC(2026, 0, 1),
  deadline: Date.UTC(2026, 0, 1, 0, 0, 30),
  data: { a: 2, b: 3 },
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  authtype: "unauthenticated",
  authid: undefined,
  orderingKey: "acme",
  dataschema: "rejoinder:sum/0123456789abcdef",
};

test("a request is read from its event as it was written", () => {
  expect(readRequestEvent(createRequestEvent(request))).toEqual(request);
});

test("a request's event has the attributes of the CloudEvents extensions", () => {
  expect(createRequestEvent(request)).toEqual({
    specversion: "1.0",
    id: request.correlationId,
    source: "/worker",
    type: "sum",
    time: "2026-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    dataschema: "rejoinder:sum/0123456789abcdef",
    correlationid: request.correlationId,
    expirytime: "2026-01-01T00:00:30.000Z",
    traceparent: request.traceparent,
    authtype: "unauthenticated",
    partitionkey: "acme",
    data: { a: 2, b: 3 },
  });
});

test.each([
  ["correlationid", "short"],
  ["correlationid", undefined],
  ["expirytime", "tomorrow"],
  ["expirytime", undefined],
  ["time", "noon"],
  ["traceparent", 1],
  ["partitionkey", true],
])("an event whose %s is %s is no request", (name, value) => {
  const event = { ...createRequestEvent(request), [name]: value };
  expect(() => readRequestEvent(event)).toThrow(expect.objectContaining({ code: "INVALID_RECORD", detail: expect.stringContaining(name) }));
});
