/** Where a trace goes on: the parts of a `traceparent` (W3C Trace Context §3.2). */
export type TraceParent = {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Bit 0: the trace is sampled. */
  readonly traceFlags: number;
};

/** Version, trace ID, parent ID and flags; a later version may add to them. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Undefined if it is none, or names no span. */
export const readTraceparent = (text: string | undefined): TraceParent | undefined => {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? "") ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId, traceFlags: Number.parseInt(flags ?? "", 16) };
};

/** As text, in version 00. */
export const writeTraceparent = ({ traceId, spanId, traceFlags }: TraceParent): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;

/** The trace that a `traceparent` names, for a line of a log; undefined if there is none. */
export const traceIdOf = (traceparent: string | undefined): string | undefined => readTraceparent(traceparent)?.traceId;
