import { readTraceparent, type TraceParent, writeTraceparent } from "./traceparent.ts";
import { VERSION } from "./version.ts";

/**
 * The part of `@opentelemetry/api` that is used. An application hands in its own, with whatever SDK it has registered:
 * `import { context, trace } from "@opentelemetry/api"`, then `telemetry: { context, trace }`.
 */
export type Telemetry = {
  readonly trace: {
    getTracer(name: string, version?: string): TelemetryTracer;
    getSpan(context: TelemetryContext): unknown;
    setSpan(context: TelemetryContext, span: TelemetrySpan): TelemetryContext;
    setSpanContext(context: TelemetryContext, parent: TraceParent & { readonly isRemote: boolean }): TelemetryContext;
  };
  readonly context: {
    active(): TelemetryContext;
    with<Run extends () => ReturnType<Run>>(context: TelemetryContext, run: Run): ReturnType<Run>;
  };
};

type TelemetryTracer = {
  startSpan(name: string, options: { readonly kind: number; readonly attributes: Attributes }, context: TelemetryContext): TelemetrySpan;
};

type TelemetrySpan = {
  spanContext(): TraceParent;
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  end(): void;
};

/** `Context` of the API, which nobody but the API looks into. */
type TelemetryContext = {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): TelemetryContext;
  deleteValue(key: symbol): TelemetryContext;
};

/** Undefined members are left out. */
export type Attributes = { readonly [name: string]: string | number | undefined };

/** `SpanKind` of the API. */
const KINDS = { server: 1, producer: 3, consumer: 4 } as const;
/** `SpanStatusCode` of the API. */
const ERROR = 2;

/** A span that has begun. */
export type StartedSpan = {
  /** Names the span as the parent of what is done elsewhere. If no SDK is registered: what {@link Tracing.start} was given. */
  readonly traceparent: string | undefined;
  /** Runs something with the span as the active one, so that spans begun in it are its children. */
  run<Result>(run: () => Result): Result;
  set(attributes: Attributes): void;
  /** @param errorType why it failed: a code of few values; undefined if it did not */
  end(errorType?: string): void;
};

/** Begins spans, by the names and attributes of OpenTelemetry's semantic conventions 1.45. */
export type Tracing = {
  /** @param traceparent of the parent. A span that is active already takes its place, for what instruments a server. */
  start(kind: keyof typeof KINDS, name: string, traceparent: string | undefined, attributes: Attributes): StartedSpan;
};

/** @throws TypeError if it is not what {@link Telemetry} says */
export const createTracing = (telemetry: Telemetry): Tracing => {
  const { trace, context } = telemetry;
  if (typeof trace?.getTracer !== "function" || typeof context?.active !== "function")
    throw new TypeError("Expected telemetry to be { context, trace } of @opentelemetry/api.");
  const tracer = trace.getTracer("@rejoinder/sdk", VERSION);

  return {
    start(kind, name, traceparent, attributes) {
      const active = context.active();
      const remote = readTraceparent(traceparent);
      const isNested = remote === undefined || (kind === "server" && trace.getSpan(active) !== undefined);
      const parent = isNested ? active : trace.setSpanContext(active, { ...remote, isRemote: true });
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: present(attributes) }, parent);
      const own = writeTraceparent(span.spanContext());
      return {
        traceparent: readTraceparent(own) === undefined ? traceparent : own,
        run: (run) => context.with(trace.setSpan(parent, span), run),
        set(more) {
          for (const [attribute, value] of Object.entries(present(more))) span.setAttribute(attribute, value);
        },
        end(errorType) {
          if (errorType !== undefined) {
            span.setAttribute("error.type", errorType);
            span.setStatus({ code: ERROR });
          }
          span.end();
        },
      };
    },
  };
};

const present = (attributes: Attributes): Readonly<Record<string, string | number>> =>
  Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== undefined));
