import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { CorrelationId } from "../correlation-id.ts";
import { eventStream, KEEP_ALIVE, KEEP_ALIVE_MS, MAX_CALLS, RECONNECT, RECONNECT_LATER } from "../event-stream.ts";
import { jsonResponse } from "../responses.ts";
import type { StatusStore, StoredStatus } from "../status-store.ts";
import { createStatusNews, readPosition } from "./status-news.ts";

type StatusEventsOptions = {
  readonly statuses: Pick<StatusStore, "read" | "readChunks">;
  readonly now: () => number;
};

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
    return eventStream(follow(first), gone);
  };
};

const isEnd = (status: StoredStatus | undefined): boolean => status !== undefined && isTerminal(status.state);
