import { createEntry, type Entry, isEnd, type Step, stateOf } from "./entry.ts";
import type { Log } from "./log.ts";

/** What of a request outlives the page: enough to wait for it again, and to tell how it ended. */
type Saved = Pick<Entry, "id" | "traceparent" | "operation" | "request" | "sentAt" | "steps"> &
  Partial<Pick<Entry, "correlationId" | "idempotencyKey">>;

const isSaved = (value: unknown): value is Saved => {
  if (typeof value !== "object" || value === null) return false;
  const { id, traceparent, operation, request, sentAt, steps, correlationId, idempotencyKey } = value as Record<keyof Saved, unknown>;
  return (
    [id, traceparent, operation, correlationId ?? "", idempotencyKey ?? ""].every((text) => typeof text === "string") &&
    request !== undefined &&
    typeof sentAt === "number" &&
    Array.isArray(steps) &&
    steps.length > 0 &&
    steps.every(isStep)
  );
};

const isStep = (value: unknown): value is Step =>
  typeof value === "object" && value !== null && typeof (value as Step).state === "string" && typeof (value as Step).afterMs === "number";

const PREFIX = "rejoinder:request:";
const MAX_SAVED = 100;

/**
 * Keeps the log's requests in the browser's storage: an item each, so that two tabs do not overwrite each other's, and each sees the
 * other's too. One of many is not kept, so that the page does not write more than it sends.
 */
export const saveLog = (log: Log, storage: Storage): void => {
  // What another tab has written is not written back: that one may be further by now.
  let isRead = false;
  log.onChange((id, entry) => {
    if (isRead) return;
    if (entry === undefined) storage.removeItem(PREFIX + id);
    else if (!entry.isOneOfMany) save(storage, entry);
  });
  addEventListener("storage", ({ storageArea, key, newValue }) => {
    if (storageArea !== storage || key?.startsWith(PREFIX) !== true) return;
    const entry = readEntry(newValue);
    isRead = true;
    if (entry === undefined) log.forget(key.slice(PREFIX.length));
    else
      log.put({
        ...(log.get(entry.id) ?? entry),
        steps: entry.steps,
        correlationId: entry.correlationId,
        idempotencyKey: entry.idempotencyKey,
      });
    isRead = false;
  });
};

const save = (storage: Storage, entry: Entry): void => {
  const { id, traceparent, operation, request, sentAt, steps, correlationId, idempotencyKey } = entry;
  try {
    const text = JSON.stringify({ id, traceparent, operation, request, sentAt, steps, correlationId, idempotencyKey });
    // Progress and chunks, of which there may be many, change nothing of it.
    if (storage.getItem(PREFIX + id) !== text) storage.setItem(PREFIX + id, text);
  } catch {
    // A full or forbidden storage: the page works on, and forgets when it is closed.
  }
};

/** What is saved, the newest first. What cannot be read, and what is too much, is removed. */
export const readSaved = (storage: Storage): readonly Entry[] => {
  const keys = Object.keys(storage).filter((key) => key.startsWith(PREFIX));
  const entries = keys.flatMap((key) => {
    const entry = readEntry(storage.getItem(key));
    if (entry === undefined) storage.removeItem(key);
    return entry ?? [];
  });
  const sorted = entries.toSorted((a, b) => b.sentAt - a.sentAt);
  for (const { id } of sorted.slice(MAX_SAVED)) storage.removeItem(PREFIX + id);
  return sorted.slice(0, MAX_SAVED).map(withoutLostPost);
};

/** Within this time somebody who loads the page again still wants what was sent before. */
const RELOAD_MS = 60_000;

/** A request without a name went down with the page that was to send it, or waited for the answer. Soon after, its key finds it again. */
const withoutLostPost = (entry: Entry): Entry =>
  isEnd(stateOf(entry)) || entry.correlationId !== undefined || mayGoAgain(entry)
    ? entry
    : { ...entry, steps: [...entry.steps, { state: "unanswered", afterMs: 0 }] };

const mayGoAgain = ({ idempotencyKey, sentAt }: Entry): boolean =>
  idempotencyKey !== undefined && Math.abs(Date.now() - sentAt) < RELOAD_MS;

const readEntry = (text: string | null): Entry | undefined => {
  try {
    const saved: unknown = JSON.parse(text ?? "");
    if (!isSaved(saved)) return undefined;
    const { steps, correlationId, idempotencyKey, ...entry } = saved;
    return { ...createEntry({ ...entry, isOneOfMany: false }), steps, correlationId, idempotencyKey };
  } catch {
    return undefined;
  }
};
