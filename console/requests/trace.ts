/** A new `traceparent` (W3C Trace Context §3.2). Everything that is asked for one request carries it, so that it can be told whose it is. */
export const createTraceparent = (): string => `00-${randomHex(16)}-${randomHex(8)}-01`;

/** The trace ID within a `traceparent`. */
export const traceIdOf = (traceparent: string): string => traceparent.split("-")[1] ?? "";

const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
