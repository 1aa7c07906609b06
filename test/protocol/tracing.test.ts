import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, expect, test } from "vitest";
import { createTracing } from "../../protocol/tracing.ts";

const CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const exporter = new InMemorySpanExporter();
const registerSdk = (): void => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
};

afterEach(() => {
  trace.disable();
  context.disable();
  exporter.reset();
});

test("a span is the child of the one that a traceparent names", () => {
  registerSdk();
  const tracing = createTracing({ context, trace });
  const span = tracing.start("consumer", "process requests", CALLER, { "messaging.system": "kafka", "rejoinder.attempt": undefined });
  span.end();
  const [exported] = exporter.getFinishedSpans();
  expect(exported).toMatchObject({ name: "process requests", kind: 4, attributes: { "messaging.system": "kafka" } });
  expect(exported?.parentSpanContext).toMatchObject({ spanId: "b7ad6b7169203331", isRemote: true });
  expect(span.traceparent).toBe(`00-0af7651916cd43dd8448eb211c80319c-${exported?.spanContext().spanId}-01`);
  expect(Object.keys(exported?.attributes ?? {})).not.toContain("rejoinder.attempt");
});

test("what is begun while a span runs is its child, also after an await", async () => {
  registerSdk();
  const span = createTracing({ context, trace }).start("consumer", "process requests", CALLER, {});
  await span.run(async () => {
    await Promise.resolve();
    trace.getTracer("application").startSpan("look up").end();
  });
  span.end("HANDLER_FAILED");
  const [inner, outer] = exporter.getFinishedSpans();
  expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  expect(outer).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "HANDLER_FAILED" } });
});

test("a server's span is within the one that instruments the server already", () => {
  registerSdk();
  const tracing = createTracing({ context, trace });
  const around = tracing.start("server", "POST", CALLER, {});
  around.run(() => tracing.start("server", "POST /requests/:operation", CALLER, {}).end());
  around.end();
  const [inner, outer] = exporter.getFinishedSpans();
  expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
});

test("without an SDK the caller's trace goes on as it came, and none begins", () => {
  const tracing = createTracing({ context, trace });
  expect(tracing.start("producer", "send requests", CALLER, {}).traceparent).toBe(CALLER);
  expect(tracing.start("producer", "send requests", undefined, {}).traceparent).toBeUndefined();
});

test("telemetry that is not that of the API is refused with what is expected", () => {
  expect(() => createTracing({ trace } as never)).toThrow("Expected telemetry to be { context, trace } of @opentelemetry/api.");
});
