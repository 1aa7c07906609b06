import { randomUUID } from "node:crypto";
import type { Log } from "../environment/log.ts";
import { pause, systemTime, type Time } from "../environment/time.ts";
import { createProblem } from "../protocol/problem.ts";
import { isTerminal } from "../protocol/states.ts";
import { createBackoff } from "./backoff.ts";
import type { InFlightLimiter } from "./in-flight-limiter.ts";
import type { ConsumerObserver } from "./observe/observer.ts";
import { createOutageLog } from "./outage-log.ts";
import { type Addressee, logFieldsOf, type OutgoingReply, type Replies } from "./replies.ts";
import type { EncodedReply, ReplyResult, Sink } from "./sink.ts";

/** Delivers replies, and does not give up. */
export type Delivery = {
  /** Resolves with true once nothing is left to do for the reply, with false if the delivery was closed before. Never rejects. */
  deliver(reply: OutgoingReply): Promise<boolean>;
  /** Resolves once the replies that wait take little enough memory for one more, to a request that was read; or the delivery is closed. */
  room(to: Addressee): Promise<void>;
  /** Gives up what is not delivered yet. */
  close(): void;
};

export type DeliveryOptions = {
  readonly sink: Sink;
  readonly replies: Replies;
  readonly log: Log;
  readonly observer?: Pick<ConsumerObserver, "delivered"> | undefined;
  /** Counts the replies that wait, here and wherever else the same memory is used. */
  readonly limiter: InFlightLimiter;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
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

/** Items that travel together until each is delivered or back in the queue. */
type ItemBatch = { readonly id: string; readonly items: readonly Item[] };

type ReplacementCode = "REPLY_TOO_LARGE" | "INVALID_REPLY";

/**
 * Delivers to one sink. A reply leaves at once when fewer batches are unanswered than the sink allows; otherwise it collects with others for
 * the next batch, so batches grow with the load.
 *
 * Replies of one correlation ID keep their order, because a reply waits while an earlier one of its ID is unanswered. So batches may be answered
 * in any order, and one that is sent again may arrive after those that left later. It travels alone: if the other side cannot take it, it is
 * the only one that can be blamed.
 */
export const createDelivery = (options: DeliveryOptions): Delivery => {
  const { sink, replies, log, observer, limiter, time = systemTime, random = Math.random } = options;
  const queue: Item[] = [];
  /** To be sent again, before anything from the queue. */
  const again: ItemBatch[] = [];
  const closed = new AbortController();
  const backoff = createBackoff({ ...RETRY, random });
  const outages = createOutageLog(log, "replies are delivered again");
  /** Every reply whose fate is unknown, in the queue or in a batch. */
  const waiting = new Set<Item>();
  /** The correlation IDs of the replies in batches, and their bytes. */
  const batched = new Set<string>();
  let batchedBytes = 0;
  let underWay = 0;
  let isAlone = false;
  let isPausing = false;
  let isScheduled = false;

  const mayLeave = (): boolean =>
    !closed.signal.aborted && !isPausing && underWay < (isAlone || again.length > 0 ? 1 : sink.limits.maxUnanswered);

  const sendAll = (): void => {
    isScheduled = false;
    while (mayLeave()) {
      const repeated = again.shift();
      const batch = repeated ?? takeBatch();
      if (batch === undefined) return;
      isAlone = repeated !== undefined;
      underWay += 1;
      void send(batch);
    }
  };

  /** Takes what fits into one batch from the front of the queue: at least one item, if there is one that need not wait. */
  const takeBatch = (): ItemBatch | undefined => {
    const { maxReplies, maxBytes } = sink.limits;
    const items: Item[] = [];
    const held: Item[] = [];
    let looked = 0;
    for (const item of queue) {
      if (batched.has(item.reply.correlationId)) held.push(item);
      else if (items.length === maxReplies || (batchedBytes > 0 && batchedBytes + item.encoded.bytes > maxBytes)) break;
      else {
        items.push(item);
        batchedBytes += item.encoded.bytes;
      }
      looked += 1;
    }
    queue.splice(0, looked, ...held);
    // Only now: in one batch, replies of one ID are in their order.
    for (const { reply } of items) batched.add(reply.correlationId);
    return items.length === 0 ? undefined : { id: randomUUID(), items };
  };

  const leaveBatch = ({ reply, encoded }: Item): void => {
    batched.delete(reply.correlationId);
    batchedBytes -= encoded.bytes;
  };

  const send = async (batch: ItemBatch): Promise<void> => {
    const { id, items } = batch;
    const attempt = await sink.send({ id, replies: items.map(({ encoded }) => encoded) });
    underWay -= 1;
    isAlone = false;
    if (closed.signal.aborted) return;
    if (attempt.kind === "answered") readResults(items, attempt.results);
    else if (attempt.kind === "too-large") divide(items, "REPLY_TOO_LARGE");
    else if (attempt.kind === "refused") divide(items, "INVALID_REPLY", attempt.reason);
    else {
      again.push(batch);
      rest(attempt.reason);
    }
    sendAll();
  };

  /** Batches that fail at the same time are followed by one pause. */
  const rest = (reason?: string): void => {
    if (isPausing) return;
    isPausing = true;
    const retryInMs = Math.round(backoff.nextMs());
    if (reason !== undefined)
      outages.warn({ replies: waiting.size, reason, retryInMs }, `replies are waiting: ${sink.name} did not take them`);
    void pause(time, retryInMs, closed.signal).then(() => {
      isPausing = false;
      sendAll();
    });
  };

  const readResults = (items: readonly Item[], results: readonly ReplyResult[]): void => {
    const outcomes = new Map(results.map(({ id, outcome }) => [id, outcome]));
    const retried: Item[] = [];
    const returned: Item[] = [];
    for (const item of items) {
      const outcome = outcomes.get(item.encoded.id) ?? "retry";
      leaveBatch(item);
      if (outcome === "unknown") log.warn(logFieldsOf(item.reply), "a reply to a request that nobody knows was dropped");
      if (outcome === "refused") log.warn(logFieldsOf(item.reply), "news of a request was more than the mailbox keeps");
      if (outcome === "retry") {
        retried.push(item);
        returned.push(item);
      } else if (outcome === "too-large") returned.push(...replace(item, "REPLY_TOO_LARGE"));
      else finish(item);
    }
    queue.unshift(...returned);
    if (retried.length < items.length) {
      backoff.reset();
      outages.over();
    }
    if (retried.length > 0) rest();
  };

  // Halving finds the reply that cannot pass in a few steps, and all others arrive on the way.
  const divide = (items: readonly Item[], code: ReplacementCode, reason?: string): void => {
    const [first] = items;
    if (items.length === 1 && first !== undefined) {
      leaveBatch(first);
      queue.unshift(...replace(first, code, reason));
      return;
    }
    const half = Math.ceil(items.length / 2);
    again.unshift(...[items.slice(0, half), items.slice(half)].map((part) => ({ id: randomUUID(), items: part })));
  };

  /** The item with a problem in place of its reply, or nothing if there is nothing left to send. */
  const replace = (item: Item, code: ReplacementCode, reason?: string): readonly Item[] => {
    const { reply, encoded, replaced } = item;
    log.error({ ...logFieldsOf(reply), code, reason, bytes: encoded.bytes }, "a reply cannot be delivered");
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

  const finish = (item: Item): void => {
    waiting.delete(item);
    limiter.leave(item.bytes);
    observer?.delivered(time.now() - item.reply.time);
    item.resolve(true);
  };

  const encodeProblem = (reply: OutgoingReply, code: ReplacementCode): EncodedReply | undefined =>
    sink.encode(replies.failed(reply, createProblem(code)));

  const encode = (reply: OutgoingReply): { readonly encoded: EncodedReply | undefined; readonly replaced: boolean } => {
    // The request has not failed because of news that cannot be sent.
    const replaceBy = (code: ReplacementCode) => ({
      encoded: isTerminal(reply.state) ? encodeProblem(reply, code) : undefined,
      replaced: true,
    });
    try {
      const encoded = sink.encode(reply);
      if (encoded === undefined || encoded.bytes <= sink.limits.maxReplyBytes) return { encoded, replaced: false };
      log.error({ ...logFieldsOf(reply), bytes: encoded.bytes }, "a reply is too large to be delivered");
      return replaceBy("REPLY_TOO_LARGE");
    } catch (error) {
      log.error({ ...logFieldsOf(reply), err: error }, "a reply is not JSON");
      return replaceBy("INVALID_REPLY");
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
        if (isScheduled || isPausing) return;
        isScheduled = true;
        // Replies that are made in the same turn of the event loop leave in the same batch.
        time.setImmediate(sendAll);
      }),
    room: () => limiter.room(closed.signal),
    close() {
      closed.abort();
      for (const { resolve, bytes } of waiting) {
        limiter.leave(bytes);
        resolve(false);
      }
      waiting.clear();
    },
  };
};
