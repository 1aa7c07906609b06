import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { startRejoinder } from "@rejoinder/sdk/testing";
import { afterAll, expect, test } from "vitest";
import { PROJECT } from "../helpers/processes.ts";
import consumer from "../project/app/consumer.ts";

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
afterAll(() => {
  trace.disable();
  context.disable();
});

// Everything in this process, so that one SDK sees all of it.
test("one trace leads from the caller through the Worker and Kafka to the handler, and back to where the reply is stored", async () => {
  const tracer = trace.getTracer("application");
  const sum = async ({ a, b }: { a: number; b: number }) => {
    await Promise.resolve();
    tracer.startSpan("add").end();
    return { sum: a + b };
  };
  await using app = await startRejoinder({ ...consumer, handlers: { ...consumer.handlers, sum } }, { directory: PROJECT, host: "node" });
  const caller = tracer.startSpan("caller");
  const { traceId, spanId } = caller.spanContext();
  const response = await fetch(`${app.url}/requests/sum`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=20", traceparent: `00-${traceId}-${spanId}-01` },
    body: '{"a":2,"b":3}',
  });
  expect(await response.json()).toEqual({ sum: 5 });
  caller.end();

  const names = ["caller", "POST /requests/:operation", "send requests", "process requests", "add", "store reply"];
  const spans = () => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  await expect.poll(() => spans().length).toBe(names.length);
  const find = (name: string) => spans().find((span) => span.name === name);
  const parentOf = (name: string) => spans().find((span) => span.spanContext().spanId === find(name)?.parentSpanContext?.spanId)?.name;
  expect(names.map((name) => [name, parentOf(name)])).toEqual([
    ["caller", undefined],
    ["POST /requests/:operation", "caller"],
    ["send requests", "POST /requests/:operation"],
    ["process requests", "send requests"],
    ["add", "process requests"],
    ["store reply", "process requests"],
  ]);
  const conversation = "messaging.message.conversation_id";
  const correlationId = response.headers.get("content-location")?.replace("/status/", "");
  for (const name of names.filter((one) => one !== "caller" && one !== "add"))
    expect(find(name)?.attributes[conversation], name).toBe(correlationId);
  expect(find("process requests")?.attributes).toMatchObject({
    "messaging.system": "kafka",
    "messaging.operation.type": "process",
    "messaging.destination.name": "requests",
    "messaging.consumer.group.name": "rejoinder",
    "rejoinder.operation": "sum",
    "rejoinder.attempt": 1,
  });
});
