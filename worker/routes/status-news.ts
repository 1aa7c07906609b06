import { eventText } from "../event-stream.ts";
import { statusText } from "../responses.ts";
import type { StatusKey, StatusStore, StoredChunks, StoredStatus } from "../status-store.ts";

/**
 * How much of a status a reader has seen: all of a version; or, with `chunks`, all that came before that version, and so many of the chunks
 * that came with it.
 */
export type Position = { readonly version: number; readonly chunks?: number };

/** Before everything. */
const START: Position = { version: 0, chunks: 0 };

const POSITION = /^(0|[1-9]\d{0,9})(?:\.(0|[1-9]\d{0,5}))?$/;

/** The position that an event's id names; the start, if it is no id of ours. */
export const readPosition = (lastEventId: string | undefined): Position => {
  const [, version, chunks] = POSITION.exec(lastEventId ?? "") ?? [];
  if (version === undefined) return START;
  return chunks === undefined ? { version: Number(version) } : { version: Number(version), chunks: Number(chunks) };
};

type Event = { readonly id: string; readonly event: "status" | "progress" | "chunk" | "reset"; readonly data: string };

/**
 * Tells a reader what is new in a status, as server-sent events (HTML, §9.2.6), from a position on. What came with a version is told in this
 * order: `reset` if another run of the handler begins its chunks anew, `chunk` for each, `progress`, and `status` with the status body without
 * chunks. The id of each event is the position after it. Of what has changed several times, only the last is told, but for chunks.
 */
export const createStatusNews = (key: StatusKey, from: Position, { readChunks }: Pick<StatusStore, "readChunks">) => {
  let position = from;
  /** Whether the reader may have chunks: those of another run come after a reset. */
  let mayHaveChunks = from.version > 0;
  let toldProgress: string | undefined;
  let toldStatus: string | undefined;

  const chunkEvents = ({ version, first, texts }: StoredChunks, current: number): Event[] => {
    const seen = version === position.version ? position.chunks : undefined;
    const isReset = first === 0 && seen === undefined && mayHaveChunks;
    mayHaveChunks = true;
    const chunks = texts.slice(seen ?? 0).map((data, index): Event => {
      const count = (seen ?? 0) + index + 1;
      // The current version has more to tell than its chunks.
      const isAll = count === texts.length && version < current;
      return { id: isAll ? String(version) : `${version}.${count}`, event: "chunk", data };
    });
    return isReset ? [{ id: `${version}.0`, event: "reset", data: "{}" }, ...chunks] : chunks;
  };

  const newChunks = async (version: number, count: number): Promise<Event[]> => {
    if (count > 0) {
      const batches = await readChunks(key, position.chunks === undefined ? position.version : Math.max(position.version - 1, 0));
      // What came after the status was read is told with the next one.
      return batches.filter((batch) => batch.version <= version).flatMap((batch) => chunkEvents(batch, version));
    }
    // The request was sent again.
    if (!mayHaveChunks) return [];
    mayHaveChunks = false;
    return [{ id: `${version}.0`, event: "reset", data: "{}" }];
  };

  return {
    /** The version up to which all was told. */
    get version(): number {
      return position.version;
    },

    /** Whether the reader has seen all of this status. */
    knows: (status: StoredStatus | undefined): boolean => position.chunks === undefined && position.version === (status?.version ?? 0),

    /** The text of what is new with this status; empty if nothing is that a reader would see. Rejects as `readChunks` does. */
    async tell(status: StoredStatus | undefined): Promise<string> {
      const version = status?.version ?? 0;
      // No id of ours names a version that is yet to come.
      if (position.version > version) position = START;
      const counted = status?.details?.chunks;
      const events = counted === undefined ? [] : await newChunks(version, counted.count);
      const before = events.at(-1)?.id ?? `${version}.${position.version === version ? (position.chunks ?? 0) : 0}`;
      const progress = status?.details?.progress;
      if (progress !== undefined && progress !== toldProgress) events.push({ id: before, event: "progress", data: progress });
      const rest = seenOf(status);
      if (rest !== toldStatus) events.push({ id: before, event: "status", data: statusText(key, status) });
      [toldProgress, toldStatus, position] = [progress, rest, { version }];
      return events.map((event, index) => eventText(index === events.length - 1 ? { ...event, id: String(version) } : event)).join("");
    },
  };
};

/** What a status says besides its version, its times, its progress and its chunks. */
const seenOf = (status: StoredStatus | undefined): string => {
  if (status === undefined) return "accepted";
  const { state, attempt, body, lateReply, details } = status;
  return JSON.stringify([state, attempt, body, lateReply, details?.lastError, details?.nextAttemptAt, details?.redrivenAs]);
};
