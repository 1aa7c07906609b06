import { expect, test } from "vitest";
import { itemOf, postItems, resultsOf } from "./support/batches.ts";
import { deliver, outcomesOf, replyTo } from "./support/replies.ts";
import { createTraceparent, headersOfCorrelationId } from "./support/requests.ts";
import { batchOf, openLink } from "./support/links.ts";
import { registerSpans } from "./support/spans.ts";
import { post } from "./support/worker.ts";

const spans = registerSpans();

const idIn = (response: Response): string => response.headers.get("location")?.replace("/status/", "") ?? "";

test("a request is a span of the caller's trace, its record one within it, and the record carries the trace on from there", async () => {
  const [, traceId = "", callerSpan] = createTraceparent().split("-");
  const response = await post("sum", { a: 2, b: 3 }, { traceparent: `00-${traceId}-${callerSpan}-01` });
  const correlationId = idIn(response);
  const [sent, served] = spans.of(traceId);
  expect(served).toMatchObject({
    name: "POST /requests/:operation",
    parent: callerSpan,
    attributes: { "http.response.status_code": 202, "rejoinder.operation": "sum", "messaging.message.conversation_id": correlationId },
  });
  expect(sent).toMatchObject({
    name: "send requests",
    parent: served?.id,
    attributes: { "messaging.system": "kafka", "messaging.destination.name": "requests", "kafka.offset": expect.any(Number) },
  });
  expect((await headersOfCorrelationId(correlationId)).get("ce_traceparent")).toBe(`00-${traceId}-${sent?.id}-01`);
});

test("a batch is one span of the caller's trace, and each of its records one within it", async () => {
  const [, traceId = "", callerSpan] = createTraceparent().split("-");
  const item = itemOf("sum", { a: 2, b: 3 });
  const results = await resultsOf(await postItems([item, item], { traceparent: `00-${traceId}-${callerSpan}-01` }));
  const served = spans.of(traceId).find(({ name }) => name === "POST /requests:batch");
  const sent = spans.of(traceId).filter(({ name }) => name === "send requests");
  expect([served?.parent, ...sent.map(({ parent }) => parent)]).toEqual([callerSpan, served?.id, served?.id]);
  const parents = await Promise.all(results.map(({ correlationId = "" }) => headersOfCorrelationId(correlationId)));
  expect(parents.map((headers) => headers.get("ce_traceparent"))).toEqual(sent.map(({ id }) => `00-${traceId}-${id}-01`));
});

test("a reply that is stored ends the trace, however it came", async () => {
  const [one, other] = [idIn(await post("sum", { a: 2, b: 3 })), idIn(await post("sum", { a: 2, b: 3 }))];
  const traceparent = createTraceparent();
  const [, traceId = "", parent] = traceparent.split("-");
  expect(await outcomesOf(await deliver([replyTo(one, { state: "processing", data: undefined }), replyTo(one, { traceparent })]))).toEqual([
    "stored",
    "stored",
  ]);
  const link = await openLink();
  link.send(batchOf(1, replyTo(other, { traceparent })));
  expect(await link.nextFrame()).toMatchObject({ outcomes: ["stored"] });
  link.close();
  const attributes = { "rejoinder.operation": "sum", "rejoinder.state": "succeeded", "rejoinder.outcome": "stored" };
  expect(spans.of(traceId)).toMatchObject([
    { name: "store reply", parent, attributes },
    { name: "store reply", parent, attributes },
  ]);
});
