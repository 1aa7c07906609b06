import { context, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, expect, test } from "vitest";
import type { AttemptResult, HandlerInvoker } from "../../../consumer/handler-invoker.ts";
import { traceInvoker } from "../../../consumer/observe/tracing.ts";
import { createReplies } from "../../../consumer/replies.ts";
import { createProblem } from "../../../protocol/problem.ts";
import { createTracing } from "../../../protocol/tracing.ts";
import { contract } from "../../project/app/contract.ts";
import { newRequest } from "../requests.ts";

const exporter = new InMemorySpanExporter();
const replies = createReplies({ source: "/test" });

afterEach(() => {
  trace.disable();
  exporter.reset();
});

/** Invokes once what comes to that. */
const invoke = async (result: AttemptResult | undefined, ended: Promise<unknown> = Promise.resolve()) => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  const seen: (string | undefined)[] = [];
  const inner: HandlerInvoker = (request) => {
    seen.push(request.traceparent);
    return { result: Promise.resolve(result), ended };
  };
  const traced = { tracing: createTracing({ context, trace }), group: "g", instance: "i-1" };
  const request = newRequest();
  await traceInvoker(traced, contract, inner)(request, 2).result;
  return { request, seen };
};

const spanAfter = async (...given: Parameters<typeof invoke>) => {
  await invoke(...given);
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(1);
  return exporter.getFinishedSpans()[0];
};

test("what a handler passes on, and its reply, go on from the span of their attempt", async () => {
  const to = newRequest();
  const { seen } = await invoke({ kind: "reply", reply: replies.succeeded(to, null) });
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(1);
  const { traceId, spanId } = exporter.getFinishedSpans()[0]?.spanContext() ?? {};
  expect(seen).toEqual([`00-${traceId}-${spanId}-01`]);
  expect(exporter.getFinishedSpans()[0]?.attributes).toMatchObject({ "rejoinder.attempt": 2, "messaging.client.id": "i-1" });
});

test("a span says with which code an attempt ended without a reply", async () => {
  const to = newRequest();
  const failed = { kind: "failed", problem: createProblem("HANDLER_FAILED"), isRetryable: false, cause: undefined } as const;
  expect(await spanAfter(failed)).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "HANDLER_FAILED" } });
  exporter.reset();
  expect(await spanAfter({ kind: "reply", reply: replies.expired(to) })).toMatchObject({ attributes: { "error.type": "expired" } });
  exporter.reset();
  expect(await spanAfter(undefined)).toMatchObject({ attributes: { "error.type": "stopped" } });
  exporter.reset();
  expect(await spanAfter({ kind: "reply", reply: replies.succeeded(to, null) })).toMatchObject({ status: { code: 0 } });
});

test("a span lasts until the handler has really ended, though the caller was told before", async () => {
  const ended = Promise.withResolvers<void>();
  await invoke({ kind: "reply", reply: replies.expired(newRequest()) }, ended.promise);
  expect(exporter.getFinishedSpans()).toEqual([]);
  ended.resolve();
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(1);
});

test("without tracing the invoker is the one that was given", () => {
  const inner: HandlerInvoker = () => ({ result: Promise.resolve(undefined), ended: Promise.resolve() });
  expect(traceInvoker(undefined, contract, inner)).toBe(inner);
});
