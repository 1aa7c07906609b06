import { HTTP, type CloudEvent as OracleEvent } from "cloudevents";
import { describe, expect, test } from "vitest";
import { createProblem } from "../../protocol/problem.ts";
import { createReplyEvent, readReplyEvent, type Reply, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";

const reply: Reply = {
  id: "r1",
  correlationId: "c".repeat(63),
  operation: "sum",
  state: "succeeded",
  source: "/consumer",
  time: Date.UTC(2026, 0, 1),
  httpStatus: 201,
  attempt: 1,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  data: { sum: 5 },
};
const failed: Reply = { ...reply, state: "failed", httpStatus: undefined, data: createProblem("HANDLER_FAILED") };
const processing: Reply = { ...reply, state: "processing", httpStatus: undefined, data: undefined };

describe("a reply", () => {
  test.each([reply, failed, processing])("in state $state is read from its event as it was written", (written) => {
    expect(readReplyEvent(JSON.parse(JSON.stringify(createReplyEvent(written))))).toEqual(written);
  });

  test("names its request as its correlation and its cause, and goes on in its trace", () => {
    expect(createReplyEvent(reply)).toMatchObject({
      type: "sum.succeeded",
      correlationid: reply.correlationId,
      causationid: reply.correlationId,
      traceparent: reply.traceparent,
    });
  });

  test("is read by the CloudEvents SDK from a batch", () => {
    const body = JSON.stringify([reply, failed, processing].map(createReplyEvent));
    const events = HTTP.toEvent({ headers: { "content-type": REPLY_BATCH_CONTENT_TYPE }, body }) as OracleEvent<unknown>[];
    expect(events.map(({ type }) => type)).toEqual(["sum.succeeded", "sum.failed", "sum.processing"]);
    expect(events[0]?.data).toEqual({ sum: 5 });
  });

  test.each<[string, Record<string, unknown>]>([
    ["type", { type: "sum" }],
    ["type", { type: ".succeeded" }],
    ["type", { type: "sum.accepted" }],
    ["correlationid", { correlationid: "short" }],
    ["httpstatus", { httpstatus: 500 }],
    ["attempt", { attempt: 0 }],
    ["traceparent", { traceparent: 1 }],
    ["data", { type: "sum.failed" }],
    ["data", { type: "sum.failed", data: { type: "about:blank", title: "Fine", status: 200, code: "OK" } }],
    ["data", { data: undefined }],
    ["time", { time: "noon" }],
    ["time", { time: undefined }],
    ["source", { source: "" }],
  ])("whose %s is wrong is refused by that name", (name, wrong) => {
    const event = { ...createReplyEvent(reply), ...wrong };
    expect(() => readReplyEvent(event)).toThrow(expect.objectContaining({ code: "INVALID_BATCH", detail: expect.stringContaining(name) }));
  });
});
