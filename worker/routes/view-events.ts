import type { View } from "../../contract/view.ts";
import { formatPosition } from "../../protocol/position.ts";
import type { RowRemovedData } from "../../protocol/view-api.ts";
import { eventStream, eventText, KEEP_ALIVE, KEEP_ALIVE_MS, MAX_CALLS, RECONNECT, RECONNECT_LATER } from "../event-stream.ts";
import { formatTag, readTag } from "../views/row-tag.ts";
import { problemOf, refuseUnreadable } from "../views/view-query.ts";
import type { FoundRow, KnownRow, RowQuery, Unreadable, ViewPosition, ViewStore } from "../views/view-store.ts";

/** After that a reader comes back with its credentials, which may have ended meanwhile. */
const MAX_STREAM_MS = 10 * 60_000;

type Reader = {
  readonly after: ViewPosition | undefined;
  readonly lastEventId: string | undefined;
  /** In whose name it waits. */
  readonly waitsAs: string;
};

type RowEventsOptions = { readonly views: Pick<ViewStore, "read">; readonly now?: (() => number) | undefined };

/**
 * Answers for a row with a stream of server-sent events: `row` or `removed` at once, unless `Last-Event-ID` names just that, and again at each change.
 * Of several changes at a time only the last is told. Rejects if the view cannot be read.
 */
export const createRowEvents =
  ({ views, now = Date.now }: RowEventsOptions) =>
  async (view: View, key: string, { after, lastEventId, waitsAs }: Reader): Promise<Response> => {
    const gone = new AbortController();
    const caller = { signal: gone.signal, waitsAs };
    let known = lastEventId === undefined ? undefined : readTag(view.aggregate, lastEventId);
    let knowsNone = false;
    const read = (waitMs: number, from: Pick<RowQuery, "after"> = {}): Promise<FoundRow | Unreadable> =>
      views.read({ view: view.name, key, known: known === undefined ? [] : [known], knowsNone, waitMs, ...from }, caller);
    const first = await read(0, { after }).catch(refuseUnreadable);
    if (first.outcome !== "found" && first.outcome !== "behind") throw problemOf(first, view, after);
    const until = now() + MAX_STREAM_MS;

    /** What a reader does not know yet; empty if there is nothing. */
    const tell = (found: FoundRow): string => {
      const { version, position, row } = found;
      if (position === undefined ? knowsNone : known !== undefined && isSame(known, { ...position, version })) return "";
      known = position && { ...position, version };
      knowsNone = position === undefined;
      const id = position && formatTag(view.aggregate, position, version);
      if (row !== null) return eventText({ id, event: "row", data: row });
      const data: RowRemovedData = position === undefined ? {} : { position: formatPosition({ aggregate: view.aggregate, ...position }) };
      return eventText({ id, event: "removed", data: JSON.stringify(data) });
    };

    /** The texts of the stream. None is empty. */
    async function* follow(): AsyncGenerator<string, void> {
      yield RECONNECT;
      let found = first;
      for (let calls = 0; calls < MAX_CALLS && now() < until; calls++) {
        if (found.outcome === "found") {
          const text = tell(found);
          if (text !== "") yield text;
        } else if (found.outcome !== "behind") return yield RECONNECT_LATER;
        const askedAt = now();
        const isBehind = found.outcome === "behind";
        found = await read(KEEP_ALIVE_MS, isBehind ? { after } : {});
        if (found.outcome !== (isBehind ? "behind" : "found") || (found.outcome === "found" && isNews(found))) continue;
        // Before its time a wait ends with nothing new only if the reader is gone, or this process ends.
        if (now() - askedAt < KEEP_ALIVE_MS / 2) return;
        yield KEEP_ALIVE;
      }
    }

    const isNews = ({ version, position }: FoundRow): boolean =>
      position === undefined ? !knowsNone : known === undefined || !isSame(known, { ...position, version });
    return eventStream(follow(), gone);
  };

const isSame = (one: KnownRow, other: KnownRow): boolean =>
  one.offset === other.offset && one.partition === other.partition && one.generation === other.generation && one.version === other.version;
