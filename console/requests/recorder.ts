import { traceIdOf } from "./trace.ts";

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** One HTTP exchange, as far as a page can see what went over the wire. */
export type HttpExchange = {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: HeaderList;
  readonly requestBody: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Until the answer was read, or until there was none. */
  readonly tookMs: number;
  readonly answer: HttpAnswer | undefined;
  /** Why there is no answer. */
  readonly failure: string | undefined;
};

type HttpAnswer = { readonly status: number; readonly headers: HeaderList; readonly body: string };

type RecorderOptions = {
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when an exchange begins, with the trace that it belongs to. */
  readonly onStart: (traceId: string) => void;
  /** Called with each exchange once it is over. */
  readonly onExchange: (traceId: string, exchange: HttpExchange) => void;
};

/** A body is remembered up to this many characters. */
const MAX_BODY = 20_000;

/** A `fetch` whose exchanges are recorded. Its responses are unchanged. */
export const createRecordingFetch =
  ({ fetch, now, onStart, onExchange }: RecorderOptions): typeof globalThis.fetch =>
  async (input, init = {}) => {
    const requestHeaders = [...new Headers(init.headers)];
    const traceId = traceIdOf(new Map(requestHeaders).get("traceparent") ?? "");
    const startedAt = now();
    const record = (answer: HttpAnswer | undefined, failure?: string): void =>
      onExchange(traceId, {
        method: init.method ?? "GET",
        url: String(input),
        requestHeaders,
        requestBody: typeof init.body === "string" ? cut(init.body) : undefined,
        startedAt,
        tookMs: now() - startedAt,
        answer,
        failure,
      });
    onStart(traceId);
    try {
      const response = await fetch(input, init);
      const { status, statusText, headers } = response;
      const recordAnswer = (body: string): void => record({ status, headers: [...headers], body: cut(body) });
      if (response.body !== null && headers.get("content-type")?.startsWith("text/event-stream")) {
        const [recorded, given] = response.body.tee();
        void readAll(recorded).then(recordAnswer);
        return new Response(given, { status, statusText, headers });
      }
      const text = await response.text();
      recordAnswer(text);
      return new Response(hasNoBody(status) ? null : text, { status, statusText, headers });
    } catch (error) {
      // Whoever ended the wait knows that there is no answer; it is no sign of trouble.
      if (init.signal?.aborted !== true || (init.signal.reason as Error).name === "TimeoutError") record(undefined, String(error));
      throw error;
    }
  };

/** The text of a body that comes bit by bit, up to where it ends or is cut. */
const readAll = async (body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> => {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += value;
    }
  } catch {
    return text;
  }
};

const cut = (text: string): string => (text.length <= MAX_BODY ? text : `${text.slice(0, MAX_BODY)}… (${text.length} characters)`);

/** Fetch §2.2.3: null body statuses. */
const hasNoBody = (status: number): boolean => [101, 103, 204, 205, 304].includes(status);
