import { randomUUID } from "node:crypto";
import { createProblem } from "../protocol/problem.ts";
import type { Outcome } from "../protocol/reply-event.ts";
import { isTerminal } from "../protocol/states.ts";
import { createBackoff } from "./backoff.ts";
import { encodeReply, takeBatch } from "./batch.ts";
import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import type { OutgoingReply, Replies } from "./replies.ts";
import type { EncodedReply, Sink } from "./sink.ts";
import { pause } from "./waiting.ts";
import { createInFlightLimiter } from "./in-flight-limiter.ts";

/** Brings replies to a sink, and does not give up. */
export type Delivery = {
  /** Resolves with true once the sink has taken the reply, with false if the delivery was closed before. Never rejects. */
  deliver(reply: OutgoingReply): Promise<boolean>;
  /** Resolves while the replies that wait hold little enough memory, or once the delivery is closed. */
  room(): Promise<void>;
  /** Gives up what is not delivered yet. */
  close(): void;
};

export type DeliveryOptions = {
  readonly sink: Sink;
  readonly replies: Replies;
  readonly log: Log;
  /** From how many bytes of waiting replies on there is no more {@link Delivery.room}. */
  readonly maxWaitingBytes: number;
  readonly time?: Time;
  readonly random?: () => number;
  readonly createId?: () => string;
};

/** A Worker that restarts is back within a second: begin with little. Later, ask every ten seconds. */
const RETRY = { firstMs: 100, mostMs: 10_000 };

type Item = {
  readonly reply: OutgoingReply;
  encoded: EncodedReply;
  readonly bytes: number;
  replaced: boolean;
  readonly resolve: (delivered: boolean) => void;
};

/**
 * Sends at once when idle. While a batch is under way further replies gather for the next, so batches grow with the load by
 * themselves. One batch at a time keeps `processing` before the reply that follows it.
 */
export const createDelivery = ({
  sink,
  replies,
  log,
  maxWaitingBytes,
  time = systemTime,
  random = Math.random,
  createId = randomUUID,
}: DeliveryOptions): Delivery => {
  const queue: Item[] = [];
  const closed = new AbortController();
  const backoff = createBackoff({ ...RETRY, random });
  /** Every reply whose fate is not known, in the queue or on its way. */
  const waiting = new Set<Item>();
  const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: maxWaitingBytes });
  let sending = false;

  const finish = (item: Item): void => {
    waiting.delete(item);
    limiter.leave(item.bytes);
    item.resolve(true);
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0 && !closed.signal.aborted) await send(takeBatch(queue, sink.limits));
    sending = false;
  };

  const send = async (items: readonly Item[]): Promise<void> => {
    const batch = { id: createId(), replies: items.map(({ encoded }) => encoded) };
    while (!closed.signal.aborted) {
      const attempt = await sink.send(batch);
      if (attempt.kind === "answered") return finishBatch(items, new Map(attempt.results.map(({ id, outcome }) => [id, outcome])));
      if (attempt.kind === "unavailable") {
        const milliseconds = Math.round(backoff.nextMs());
        log.warn(
          { replies: items.length, reason: attempt.reason, retryInMs: milliseconds },
          `replies are waiting: ${sink.name} did not take them`,
        );
        await pause(milliseconds, closed.signal, time);
      } else return divide(items, attempt.kind, attempt.kind === "refused" ? attempt.reason : undefined);
    }
  };

  const finishBatch = async (items: readonly Item[], outcomes: ReadonlyMap<string, Outcome>): Promise<void> => {
    const again: Item[] = [];
    for (const item of items) {
      const outcome = outcomes.get(item.encoded.id) ?? "retry";
      if (outcome === "retry") again.push(item);
      else finish(item);
      if (outcome === "unknown")
        log.warn({ correlationId: item.reply.correlationId }, "a reply to a request that nobody knows was dropped");
    }
    if (again.length < items.length) backoff.reset();
    if (again.length === 0) return;
    queue.unshift(...again);
    await pause(backoff.nextMs(), closed.signal, time);
  };

  // Halving finds the reply that cannot pass in a few steps, and all others arrive on the way.
  const divide = async (items: readonly Item[], kind: "too-large" | "refused", reason: string | undefined): Promise<void> => {
    const [only] = items;
    if (items.length === 1 && only !== undefined) {
      const code = kind === "too-large" ? "REPLY_TOO_LARGE" : "INVALID_REPLY";
      log.error({ correlationId: only.reply.correlationId, code, reason, bytes: only.encoded.bytes }, "a reply cannot be delivered");
      // A replacement is small and plain. If even that does not pass, nothing will, and one reply must not hold up all others.
      // And that a handler is at work is news that may get lost: the request has not failed for it.
      if (only.replaced || !isTerminal(only.reply.state)) finish(only);
      else queue.unshift(replace(only, code));
      return;
    }
    const half = Math.ceil(items.length / 2);
    await send(items.slice(0, half));
    await send(items.slice(half));
  };

  const replace = (item: Item, code: "REPLY_TOO_LARGE" | "INVALID_REPLY"): Item => {
    item.encoded = encodeReply(replies.failed(item.reply, createProblem(code)));
    item.replaced = true;
    return item;
  };

  const encode = (reply: OutgoingReply): Pick<Item, "encoded" | "replaced"> => {
    try {
      const encoded = encodeReply(reply);
      if (encoded.bytes <= sink.limits.maxReplyBytes) return { encoded, replaced: false };
      return { encoded: encodeReply(replies.failed(reply, createProblem("REPLY_TOO_LARGE"))), replaced: true };
    } catch (error) {
      log.error({ err: error, correlationId: reply.correlationId }, "a reply is not JSON");
      return { encoded: encodeReply(replies.failed(reply, createProblem("INVALID_REPLY"))), replaced: true };
    }
  };

  return {
    deliver: (reply) =>
      new Promise((resolve) => {
        if (closed.signal.aborted) return resolve(false);
        const encoding = encode(reply);
        const item: Item = { reply, ...encoding, bytes: encoding.encoded.bytes, resolve };
        waiting.add(item);
        limiter.enter(item.bytes);
        queue.push(item);
        if (sending) return;
        sending = true;
        // Replies that are made in the same turn of the event loop leave in the same batch.
        time.setImmediate(() => void run());
      }),
    room: () => limiter.room(closed.signal),
    close() {
      closed.abort();
      for (const { resolve } of waiting) resolve(false);
      waiting.clear();
    },
  };
};
