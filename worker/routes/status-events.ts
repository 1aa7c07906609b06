import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { CorrelationId } from "../correlation-id.ts";
import { jsonResponse } from "../responses.ts";
import type { StatusStore, StoredStatus } from "../status-store.ts";
import { createStatusNews, readPosition } from "./status-news.ts";

type StatusEventsOptions = {
  readonly statuses: Pick<StatusStore, "read" | "readChunks">;
  readonly now: () => number;
};

/** How long a stream says nothing at most: proxies give up what is silent for a minute or so. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE = ": keep-alive\n\n";

/** How soon a reader comes back when its stream has ended before the request has. */
const RECONNECT = "retry: 1000\n\n";
const RECONNECT_LATER = "retry: 5000\n\n";

/** How often one stream asks the store, after which its reader comes back: one request may make 1,000 calls of objects where Workers are free. */
const MAX_CALLS = 900;

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

/**
 * Answers for a status with a stream of server-sent events, from the position that `Last-Event-ID` names to the end of the request, or of the leave to
 * read it. 204, by which an EventSource stops, if the reader has seen that end. It waits in the caller's name. Rejects if the store cannot be reached.
 */
export const createStatusEvents = ({ statuses, now }: StatusEventsOptions) => {
  return async (id: CorrelationId, lastEventId: string | undefined, untilMs = id.expiresAt, waitsAs?: string): Promise<Response> => {
    const news = createStatusNews(id, readPosition(lastEventId), statuses);
    const first = await statuses.read(id, 0);
    if (first === "overloaded") throw new RejoinderError("OVERLOADED");
    if (isEnd(first) && news.knows(first)) return jsonResponse(204, null, { vary: "Accept" });
    const gone = new AbortController();

    /** The texts of the stream. None is empty. */
    async function* follow(from: StoredStatus | undefined): AsyncGenerator<string, void> {
      yield RECONNECT;
      let status = from;
      for (let calls = 0; calls < MAX_CALLS && now() < untilMs; calls += 2) {
        const text = news.knows(status) ? "" : await news.tell(status);
        if (text !== "") yield text;
        if (isEnd(status)) return;
        const askedAt = now();
        const next = await statuses.read(id, KEEP_ALIVE_MS, [news.version], { signal: gone.signal, waitsAs });
        if (next === "overloaded") return yield RECONNECT_LATER;
        status = next;
        if (!news.knows(status)) continue;
        // Before its time a wait ends with nothing new only if the reader is gone, or this process ends.
        if (now() - askedAt < KEEP_ALIVE_MS / 2) return;
        yield KEEP_ALIVE;
      }
    }
    return new Response(streamOf(follow(first), gone), { headers: HEADERS });
  };
};

const isEnd = (status: StoredStatus | undefined): boolean => status !== undefined && isTerminal(status.state);

/** A stream that asks for a text when the one before was read. What fails is logged, and ends the stream: its reader comes back. */
const streamOf = (texts: AsyncGenerator<string, void>, gone: AbortController): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  const next = async (): Promise<IteratorResult<string, void>> => {
    try {
      return await texts.next();
    } catch (error) {
      console.error("An event stream ended, since its status could not be read", error);
      return { done: true, value: undefined };
    }
  };
  return new ReadableStream(
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
};
