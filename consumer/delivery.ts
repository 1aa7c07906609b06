import { randomUUID } from "node:crypto";
import type { Log } from "../environment/log.ts";
import { pause, systemTime, type Time } from "../environment/time.ts";
import { createProblem } from "../protocol/problem.ts";
import { isTerminal } from "../protocol/states.ts";
import { createBackoff } from "./backoff.ts";
import { createInFlightLimiter } from "./in-flight-limiter.ts";
import type { OutgoingReply, Replies } from "./replies.ts";
import type { EncodedReply, ReplyResult, Sink } from "./sink.ts";

/** Delivers replies to one sink, and does not give up. */
export type Delivery = {
  /** Resolves with true once nothing is left to do for the reply, with false if the delivery was closed before. Never rejects. */
  deliver(reply: OutgoingReply): Promise<boolean>;
  /** Resolves once the replies that wait take little enough memory, or the delivery is closed. */
  room(): Promise<void>;
  /** Gives up what is not delivered yet. */
  close(): void;
};

type DeliveryOptions = {
  readonly sink: Sink;
  readonly replies: Replies;
  readonly log: Log;
  /** How many bytes of replies may wait before there is no more {@link Delivery.room}. */
  readonly maxWaitingBytes: number;
  readonly time?: Time;
  readonly random?: () => number;
};

/** A Worker that restarts is back within a second, so the first pauses are short. Later, it is asked every ten seconds. */
const RETRY = { firstMs: 100, mostMs: 10_000 };

/** A reply that is not delivered yet. */
type Item = {
  readonly reply: OutgoingReply;
  encoded: EncodedReply;
  /** Whether what is encoded is a problem in place of the reply. */
  replaced: boolean;
  /** As it entered the limiter. */
  readonly bytes: number;
  readonly resolve: (delivered: boolean) => void;
};

type ReplacementCode = "REPLY_TOO_LARGE" | "INVALID_REPLY";

/**
 * Sends at once when idle. While a batch is under way, further replies collect for the next one, so batches grow with the load.
 * Only one batch is under way at a time: it keeps `processing` before the reply that follows it.
 */
export const createDelivery = ({
  sink,
  replies,
  log,
  maxWaitingBytes,
  time = systemTime,
  random = Math.random,
}: DeliveryOptions): Delivery => {
  const queue: Item[] = [];
  const closed = new AbortController();
  const backoff = createBackoff({ ...RETRY, random });
  /** Every reply whose fate is unknown, in the queue or under way. */
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
    const batch = { id: randomUUID(), replies: items.map(({ encoded }) => encoded) };
    while (!closed.signal.aborted) {
      const attempt = await sink.send(batch);
      if (attempt.kind === "answered") return readResults(items, attempt.results);
      if (attempt.kind === "too-large") return divide(items, "REPLY_TOO_LARGE");
      if (attempt.kind === "refused") return divide(items, "INVALID_REPLY", attempt.reason);
      const retryInMs = Math.round(backoff.nextMs());
      log.warn({ replies: items.length, reason: attempt.reason, retryInMs }, `replies are waiting: ${sink.name} did not take them`);
      await pause(time, retryInMs, closed.signal);
    }
  };

  const readResults = async (items: readonly Item[], results: readonly ReplyResult[]): Promise<void> => {
    const outcomes = new Map(results.map(({ id, outcome }) => [id, outcome]));
    const again: Item[] = [];
    let retried = 0;
    for (const item of items) {
      const outcome = outcomes.get(item.encoded.id) ?? "retry";
      if (outcome === "unknown")
        log.warn({ correlationId: item.reply.correlationId }, "a reply to a request that nobody knows was dropped");
      if (outcome === "retry") {
        retried += 1;
        again.push(item);
      } else if (outcome === "too-large") again.push(...replace(item, "REPLY_TOO_LARGE"));
      else finish(item);
    }
    queue.unshift(...again);
    if (retried < items.length) backoff.reset();
    if (retried > 0) await pause(time, backoff.nextMs(), closed.signal);
  };

  // Halving finds the reply that cannot pass in a few steps, and all others arrive on the way.
  const divide = async (items: readonly Item[], code: ReplacementCode, reason?: string): Promise<void> => {
    const [first] = items;
    if (items.length === 1 && first !== undefined) {
      queue.unshift(...replace(first, code, reason));
      return;
    }
    const half = Math.ceil(items.length / 2);
    await send(items.slice(0, half));
    await send(items.slice(half));
  };

  /** The item with a problem in place of its reply, or nothing if there is nothing left to send. */
  const replace = (item: Item, code: ReplacementCode, reason?: string): readonly Item[] => {
    const { reply, encoded, replaced } = item;
    log.error({ correlationId: reply.correlationId, code, reason, bytes: encoded.bytes }, "a reply cannot be delivered");
    const replacement = encodeProblem(reply, code);
    // A replacement is small and plain. If even that cannot pass, nothing will, and one reply must not hold up all others.
    // News that a handler is at work may get lost: the request has not failed because of it.
    if (replaced || !isTerminal(reply.state) || replacement === undefined) {
      finish(item);
      return [];
    }
    item.encoded = replacement;
    item.replaced = true;
    return [item];
  };

  const encodeProblem = (reply: OutgoingReply, code: ReplacementCode): EncodedReply | undefined =>
    sink.encode(replies.failed(reply, createProblem(code)));

  const encode = (reply: OutgoingReply): { readonly encoded: EncodedReply | undefined; readonly replaced: boolean } => {
    try {
      const encoded = sink.encode(reply);
      if (encoded === undefined || encoded.bytes <= sink.limits.maxReplyBytes) return { encoded, replaced: false };
      log.error({ correlationId: reply.correlationId, bytes: encoded.bytes }, "a reply is too large to be delivered");
      return { encoded: encodeProblem(reply, "REPLY_TOO_LARGE"), replaced: true };
    } catch (error) {
      log.error({ err: error, correlationId: reply.correlationId }, "a reply is not JSON");
      return { encoded: encodeProblem(reply, "INVALID_REPLY"), replaced: true };
    }
  };

  return {
    deliver: (reply) =>
      new Promise((resolve) => {
        if (closed.signal.aborted) return resolve(false);
        const { encoded, replaced } = encode(reply);
        if (encoded === undefined) return resolve(true);
        const item: Item = { reply, encoded, replaced, bytes: encoded.bytes, resolve };
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

/** Takes as many items from the front of a queue as fit into one batch, at least one. */
const takeBatch = (queue: Item[], { maxReplies, maxBytes }: Pick<Sink["limits"], "maxReplies" | "maxBytes">): Item[] => {
  let bytes = 0;
  let count = 0;
  for (const { encoded } of queue) {
    bytes += encoded.bytes;
    if (count > 0 && (count === maxReplies || bytes > maxBytes)) break;
    count += 1;
  }
  return queue.splice(0, count);
};
