import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** What the tests look at of a span. */
export type SeenSpan = {
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** Registers an SDK that keeps what has ended. Once in a file: a tracer stays with the SDK that it was used with first. */
export const registerSpans = (): { of(traceId: string): readonly SeenSpan[] } => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  return {
    of: (traceId) =>
      exporter
        .getFinishedSpans()
        .filter((span) => span.spanContext().traceId === traceId)
        .map(seen),
  };
};

const seen = (span: ReadableSpan): SeenSpan => ({
  name: span.name,
  id: span.spanContext().spanId,
  parent: span.parentSpanContext?.spanId,
  attributes: span.attributes,
});
