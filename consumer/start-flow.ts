import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import { createInFlightLimiter } from "./in-flight-limiter.ts";
import { createIntake, type IntakeDefinition } from "./intake.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "./observe/observer.ts";
import { createReplies, type Replies } from "./replies.ts";
import { createReplyRouter } from "./reply-router.ts";
import type { MailboxSinks, Sink } from "./sink.ts";
import { createWorkerDelivery } from "./worker-delivery.ts";

export type FlowOptions = {
  /** Take the replies to callers of the Worker. They are closed when the flow has drained. */
  readonly sinks: MailboxSinks;
  /** Takes the replies that have a return address. */
  readonly requesterSink?: Sink | undefined;
  readonly log: Log;
  /** How many bytes the records of each source in flight may hold. The undelivered replies to the Worker may hold as many again, and those to requesters. */
  readonly maxWaitingBytes?: number | undefined;
  /** The `source` attribute of the replies: a URI reference. */
  readonly replySource: string;
  readonly observer?: ConsumerObserver | undefined;
  readonly time?: Time;
};

/** What a processor of records works with. */
type FlowParts = {
  readonly replies: Replies;
  readonly router: Delivery;
  /** Aborts when the process can wait no longer. */
  readonly stop: AbortSignal;
};

/** A consumer that runs. */
export type RunningConsumer = {
  /** Resolves once records can be read, and it is known what the Worker's time is, unless the Worker does not say it. */
  readonly ready: Promise<void>;
  /** Resolves when consuming has ended; rejects if it broke. */
  readonly ended: Promise<void>;
  /**
   * Stops consuming, waits up to `timeoutMs` until the records in flight are processed, commits what is finished and leaves the group.
   * What was cut off is not committed: the next consumer does it again.
   */
  drain(timeoutMs: number): Promise<void>;
};

/** Fits into a small container, with the strings that are made of these bytes. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Builds and starts everything between sources and their sinks. */
export const startFlow = (options: FlowOptions, createIntakes: (parts: FlowParts) => readonly IntakeDefinition[]): RunningConsumer => {
  const { sinks, requesterSink, log, replySource, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const { observer = SILENT_OBSERVER, time = systemTime } = options;
  const consuming = new AbortController();
  const stop = new AbortController();
  const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: maxWaitingBytes });
  const replies = createReplies({ source: replySource, time });
  const router = createReplyRouter({
    log,
    toWorker: createWorkerDelivery({ sinks, replies, log, observer, maxWaitingBytes, time }),
    toRequesters: requesterSink && createDelivery({ sink: requesterSink, replies, log, observer, limiter, time }),
  });
  const intakes = createIntakes({ replies, router, stop: stop.signal }).map((definition) =>
    createIntake({ ...definition, maxBytes: maxWaitingBytes, draining: consuming.signal, log, observer, time }),
  );

  const sinksOpen = sinks.open();
  const opened = intakes.map((intake) => Promise.all([intake.open(), sinksOpen]));
  // None waits for another: a topic of one that does not exist yet holds up nobody else.
  const ran = intakes.map((intake, index) => opened[index]?.then(() => intake.run()));

  return {
    ready: Promise.all(opened).then(() => undefined),
    ended: Promise.all(ran).then(() => undefined),
    async drain(timeoutMs) {
      consuming.abort();
      const cutOff = new AbortController();
      const timer = time.setTimeout(() => cutOff.abort(), timeoutMs);
      await Promise.all(intakes.map((intake) => intake.empty(cutOff.signal)));
      time.clearTimeout(timer);
      const records = intakes.reduce((sum, intake) => sum + intake.records, 0);
      if (records > 0) log.warn({ records }, "some records were not finished in time and will be done again");
      // Closed before the handlers are told to stop: a handler that fails because of that must not fail its request.
      router.close();
      stop.abort(new DOMException("The consumer is stopping.", "AbortError"));
      await Promise.all([...intakes.map((intake) => intake.leave()), sinks.close()]);
    },
  };
};
