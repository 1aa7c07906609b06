import { randomUUID } from "node:crypto";
import type { Contract } from "../contract/contract.ts";
import { createAnswerer } from "./answer.ts";
import { createBurial } from "./burial.ts";
import { createCommits } from "./commits.ts";
import { createConsumer } from "./consumer.ts";
import { joinDeliveries } from "./deliveries.ts";
import { createDelivery } from "./delivery.ts";
import type { AnyHandlers } from "./handler.ts";
import { createLanes } from "./lanes.ts";
import type { Log } from "../environment/log.ts";
import { createOffsets } from "./offsets.ts";
import { readRecord } from "./reading.ts";
import { createReplies } from "./replies.ts";
import { createRequesterReading, type RequesterReadingOptions } from "./requester-reading.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import { type Clock, platformTimers, type Timers, within } from "./timers.ts";
import { createWindow } from "./window.ts";

export type StartConsumerOptions = {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  readonly source: Source;
  readonly sink: Sink;
  /** Requesters that wait on Kafka instead of asking a Worker. */
  readonly requesters?: Requesters | undefined;
  readonly log: Log;
  /** How many handlers run at once. */
  readonly concurrency: number;
  /** How many bytes the requests that wait may hold, and as many again the replies that are not delivered yet. */
  readonly maxWaitingBytes?: number;
  /** The `source` attribute of the replies: a URI reference. */
  readonly replySource: string;
  readonly now?: Clock;
  readonly timers?: Timers;
  readonly random?: () => number;
  /** Makes the ids of replies and batches. */
  readonly createId?: () => string;
};

export type Requesters = Omit<RequesterReadingOptions, "contract"> & { readonly sink: Sink };

/** A consumer that is at work. */
export type RunningConsumer = {
  /** Resolves once records can be read. */
  readonly ready: Promise<void>;
  /** Resolves when consuming has ended; rejects if it broke. */
  readonly ended: Promise<void>;
  /**
   * Stops consuming, gives what is under way so long to be handled and delivered, commits what is settled and leaves the group.
   * What was cut off is not committed, and is done again by whoever consumes next.
   */
  drain(timeoutMs: number): Promise<void>;
};

/** For each handler that runs, so many records wait behind it: enough that none idles while replies travel. */
const WINDOW_PER_HANDLER = 16;
/** With the texts that they become, well within the memory of a small container. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Puts the parts together and starts them. */
export const startConsumer = (options: StartConsumerOptions): RunningConsumer => {
  const { source, sink, requesters, log, concurrency, replySource, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const { now = Date.now, timers = platformTimers, random = Math.random, createId = randomUUID } = options;
  const consuming = new AbortController();
  const stop = new AbortController();
  const offsets = createOffsets();
  const window = createWindow({ maxRecords: Math.max(concurrency * WINDOW_PER_HANDLER, 1_000), maxBytes: maxWaitingBytes });
  const replies = createReplies({ source: replySource, now, createId });
  const deliveryTo = (to: Sink) => createDelivery({ sink: to, replies, log, maxWaitingBytes, timers, random, createId });
  const delivery = requesters === undefined ? deliveryTo(sink) : joinDeliveries(deliveryTo(sink), deliveryTo(requesters.sink));
  const commits = createCommits({ source, offsets, log, timers });
  const { contract, handlers } = options;
  const answer = createAnswerer({
    contract,
    handlers,
    replies,
    log,
    stop: stop.signal,
    now,
    timers,
    onProcessing: (reply) => void delivery.deliver(reply),
  });
  const read = requesters === undefined ? readRecord : createRequesterReading({ contract, ...requesters });
  const bury = createBurial({ source, log, stop: stop.signal, timers, random });
  const lanes = createLanes({ concurrency });
  const consumer = createConsumer({ source, read, offsets, lanes, window, answer, replies, delivery, commits, bury });

  const ready = source.open(consuming.signal, consumer.handOver);
  const ended = ready.then(() => consumer.run(consuming.signal));

  return {
    ready,
    ended,
    async drain(timeoutMs) {
      consuming.abort();
      const cutOff = new AbortController();
      const timer = timers.setTimeout(() => cutOff.abort(), timeoutMs);
      await window.empty(cutOff.signal);
      timers.clearTimeout(timer);
      if (window.records > 0) log.warn({ records: window.records }, "some requests were not finished in time and will be done again");
      // Delivery first: a handler that is told to stop may fail, and nobody should be told of that failure.
      delivery.close();
      stop.abort(new DOMException("The consumer is stopping.", "AbortError"));
      const leave = commits.flush().then(() => source.close());
      await within(LEAVE_TIMEOUT_MS, leave, () => new Error(`The source ${source.name} did not answer.`), timers).catch((error) =>
        log.warn({ err: error }, "left without a last commit"),
      );
    },
  };
};

/** A gateway that is away is not waited for: without the last commit some handlers run twice. */
const LEAVE_TIMEOUT_MS = 1_000;
