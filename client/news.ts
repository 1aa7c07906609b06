import type { StatusBody } from "../protocol/status.ts";
import type { StreamEvent } from "./event-stream.ts";

/** A status, and which run of the handler its chunks are of: a number that rises when another run has begun its chunks anew. */
export type Snapshot = { readonly status: StatusBody; readonly run: number };

/** Keeps what is known of a request while statuses, or a stream's events, tell more. */
export type News = {
  /** Undefined until there is a status. */
  latest(): Snapshot | undefined;
  /** The last event that was heard: a status is as good as the event of its version. */
  readonly id: string;
  /** Takes a whole status. Returns whether it is new. */
  hearStatus(status: StatusBody): boolean;
  /** Takes events of a stream that follows a status. */
  hearEvents(events: readonly StreamEvent[]): void;
};

export const createNews = (): News => {
  let status: StatusBody | undefined;
  let chunks: readonly unknown[] = [];
  let run = 0;
  let id = "";
  return {
    latest: () => status && { status, run },
    get id() {
      return id;
    },
    hearStatus(next) {
      if (status !== undefined && next.version <= status.version) return false;
      const all = next.chunks ?? [];
      // A status does not say of which run they are. Those of another that begins alike can stay.
      if (chunks.length > 0 && JSON.stringify(all.slice(0, chunks.length)) !== JSON.stringify(chunks)) run += 1;
      status = next;
      chunks = all;
      id = String(next.version);
      return true;
    },
    hearEvents(events) {
      let next = status as StatusBody;
      const all = [...chunks];
      for (const { type, id: own, data } of events) {
        if (type === "status") next = data as StatusBody;
        if (type === "progress") next = { ...next, progress: data };
        if (type === "chunk") all.push(data);
        if (type === "reset") {
          run += 1;
          all.length = 0;
        }
        id = own;
        if (!id.includes(".")) next = { ...next, version: Number(id) };
      }
      const { chunks: _, ...head } = next;
      chunks = all;
      status = all.length === 0 ? head : { ...head, chunks };
    },
  };
};
