/** How long a stream says nothing at most: proxies give up what is silent for a minute or so. */
export const KEEP_ALIVE_MS = 15_000;
export const KEEP_ALIVE = ": keep-alive\n\n";

/** How soon a reader comes back when its stream has ended before it was over. */
export const RECONNECT = "retry: 1000\n\n";
export const RECONNECT_LATER = "retry: 5000\n\n";

/** How often one stream asks a store, after which its reader comes back: one request may make 1,000 calls of objects where Workers are free. */
export const MAX_CALLS = 900;

const HEADERS = {
  "content-type": "text/event-stream",
  // Compressed, events would be held back; and so they would by a proxy that collects a response.
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  vary: "Accept",
};

/** Whether a caller asks for a stream of events, by its header `Accept`. */
export const acceptsEvents = (field: string | undefined): boolean =>
  (field ?? "").split(",").some((range) => range.split(";", 1)[0]?.trim().toLowerCase() === "text/event-stream");

/** A server-sent event (HTML, §9.2.6). @param data JSON text, which has no line breaks */
export const eventText = ({
  id,
  event,
  data,
}: {
  readonly id?: string | undefined;
  readonly event: string;
  readonly data: string;
}): string => `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;

/** A stream that asks for a text when the one before was read; none is empty. What fails is logged, and ends the stream: its reader comes back. */
export const eventStream = (texts: AsyncGenerator<string, void>, gone: AbortController): Response => {
  const encoder = new TextEncoder();
  const next = async (): Promise<IteratorResult<string, void>> => {
    try {
      return await texts.next();
    } catch (error) {
      console.error("An event stream ended, since what it tells could not be read", error);
      return { done: true, value: undefined };
    }
  };
  const stream = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await next();
        if (gone.signal.aborted) return;
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { headers: HEADERS });
};
