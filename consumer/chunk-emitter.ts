import { randomUUID } from "node:crypto";
import type { Time } from "../environment/time.ts";
import { ERRORS } from "../protocol/errors.ts";
import { MAX_CHUNKS, MAX_CHUNKS_BYTES } from "../protocol/limits.ts";
import type { Emitted } from "../protocol/reply-event.ts";
import { type CheckedBy, type CheckedJson, checkedJson } from "./checked-json.ts";
import { OperationError } from "./handler.ts";
import type { OutgoingReply } from "./replies.ts";

export type ChunkEmitter = {
  /** `context.emit`. */
  emit(chunk: unknown): Promise<void>;
  /** The handler has ended: hands over what still waits, so that it travels before the reply. */
  end(): void;
};

type ChunkEmitterOptions = CheckedBy & {
  createNews(emitted: Emitted, chunks: readonly unknown[]): OutgoingReply;
  deliver(news: OutgoingReply): Promise<boolean>;
  readonly signal: AbortSignal;
  readonly time: Time;
};

/** Chunks that leave together. */
type Batch = { readonly chunks: unknown[]; bytes: number };

/** A batch becomes one event, which must fit where a reply does; a single chunk too. */
const MAX_BATCH_BYTES = 256 * 1024;
/** With more than that, `emit` waits. */
const MAX_WAITING_BYTES = 64 * 1024;

/**
 * Sends what one run of a handler emits. What is emitted in one turn of the event loop leaves together; what comes while it is unanswered collects for the
 * next batch.
 */
export const createChunkEmitter = (options: ChunkEmitterOptions): ChunkEmitter => {
  const { createNews, deliver, signal, time } = options;
  const execution = randomUUID();
  /** Of all chunks so far, with commas. */
  let count = 0;
  let bytes = 0;
  let left = 0;
  const waiting: Batch[] = [];
  let unanswered = 0;
  let isScheduled = false;
  /** The chunk before, where the schema is asynchronous. */
  let before: Promise<unknown> | undefined;
  let room = Promise.withResolvers<void>();
  const onAbort = (): void => {
    room.promise.catch(() => {});
    room.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort);

  const hasRoom = (): boolean => waiting.reduce((sum, batch) => sum + batch.bytes, 0) <= MAX_WAITING_BYTES;

  const sendNext = (): void => {
    isScheduled = false;
    const batch = waiting.shift();
    if (batch === undefined) return;
    const first = left;
    left += batch.chunks.length;
    unanswered += 1;
    void deliver(createNews({ execution, first }, batch.chunks)).then(() => {
      unanswered -= 1;
      if (unanswered === 0) sendNext();
    });
    if (!hasRoom() || signal.aborted) return;
    room.resolve();
    room = Promise.withResolvers();
  };

  const add = ({ value, json }: CheckedJson): void | Promise<void> => {
    const size = Buffer.byteLength(json) + 1;
    if (count === MAX_CHUNKS) throw tooMany(`at most ${MAX_CHUNKS} chunks`);
    if (bytes + size > MAX_CHUNKS_BYTES) throw tooMany(`chunks of at most ${MAX_CHUNKS_BYTES} bytes together`);
    if (size > MAX_BATCH_BYTES) throw tooMany(`a chunk of at most ${MAX_BATCH_BYTES} bytes, got ${size}`);
    count += 1;
    bytes += size;
    const last = waiting.at(-1);
    if (last !== undefined && last.bytes + size <= MAX_BATCH_BYTES) {
      last.chunks.push(value);
      last.bytes += size;
    } else waiting.push({ chunks: [value], bytes: size });
    if (unanswered === 0 && !isScheduled) {
      isScheduled = true;
      time.setImmediate(sendNext);
    }
    return hasRoom() ? undefined : room.promise;
  };

  return {
    async emit(chunk) {
      const checked = checkedJson(chunk, options);
      if (!(checked instanceof Promise) && before === undefined) return add(checked);
      const earlier = before;
      // One that is not taken does not hold up those behind it.
      const added = Promise.allSettled([earlier, checked]).then(async () => add(await checked));
      before = added;
      return added;
    },
    end() {
      signal.removeEventListener("abort", onAbort);
      while (waiting.length > 0) sendNext();
    },
  };
};

const tooMany = (expected: string): OperationError =>
  new OperationError(ERRORS.TOO_MANY_CHUNKS.status, "TOO_MANY_CHUNKS", `Expected the handler to emit ${expected}.`);
