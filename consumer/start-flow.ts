import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import { createCommits } from "./commits.ts";
import { createConsumer, type ProcessRecord } from "./consumer.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import { createInFlightLimiter } from "./in-flight-limiter.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "./observe/observer.ts";
import { observeSource } from "./observe/source.ts";
import { createOffsets, type Offsets } from "./offsets.ts";
import { createReplies, type Replies } from "./replies.ts";
import { createReplyRouter } from "./reply-router.ts";
import type { MailboxSinks, Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import { within } from "./waiting.ts";
import { createWorkerDelivery } from "./worker-delivery.ts";

export type FlowOptions = {
  readonly source: Source;
  /** Take the replies to callers of the Worker. They are closed when the flow has drained. */
  readonly sinks: MailboxSinks;
  /** Takes the replies that have a return address. */
  readonly requesterSink?: Sink | undefined;
  readonly log: Log;
  /** How many records may be in flight at once. */
  readonly maxRecords: number;
  /** How many bytes the records in flight may hold. The undelivered replies to the Worker may hold as many again, and those to requesters. */
  readonly maxWaitingBytes?: number | undefined;
  /** The `source` attribute of the replies: a URI reference. */
  readonly replySource: string;
  readonly observer?: ConsumerObserver | undefined;
  readonly time?: Time;
};

/** What a processor of records works with. */
type FlowParts = {
  readonly offsets: Offsets;
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

/** Builds and starts everything between a source and its sinks. `createProcessor` defines what is done with a record. */
export const startFlow = (options: FlowOptions, createProcessor: (parts: FlowParts) => ProcessRecord): RunningConsumer => {
  const { sinks, requesterSink, log, maxRecords, replySource, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const { observer = SILENT_OBSERVER, time = systemTime } = options;
  const source = observeSource(options.source, observer);
  const consuming = new AbortController();
  const stop = new AbortController();
  const offsets = createOffsets();
  const inFlight = createInFlightLimiter({ maxRecords, maxBytes: maxWaitingBytes });
  observer.watch({ inFlight: () => inFlight.records });
  const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: maxWaitingBytes });
  const replies = createReplies({ source: replySource, time });
  const router = createReplyRouter({
    toWorker: createWorkerDelivery({ sinks, replies, log, observer, maxWaitingBytes, time }),
    toRequesters: requesterSink && createDelivery({ sink: requesterSink, replies, log, observer, limiter, time }),
  });
  const commits = createCommits({ source, offsets, log, time });
  const processRecord = createProcessor({ offsets, replies, router, stop: stop.signal });
  const consumer = createConsumer({ source, offsets, inFlight, commits, processRecord });

  const ready = Promise.all([source.open(consuming.signal, consumer.handOver), sinks.open()]).then(() => undefined);
  const ended = ready.then(() => consumer.run(consuming.signal));

  return {
    ready,
    ended,
    async drain(timeoutMs) {
      consuming.abort();
      const cutOff = new AbortController();
      const timer = time.setTimeout(() => cutOff.abort(), timeoutMs);
      await inFlight.empty(cutOff.signal);
      time.clearTimeout(timer);
      if (inFlight.records > 0) log.warn({ records: inFlight.records }, "some records were not finished in time and will be done again");
      // Closed before the handlers are told to stop: a handler that fails because of that must not fail its request.
      router.close();
      stop.abort(new DOMException("The consumer is stopping.", "AbortError"));
      const leave = commits.flush().then(() => source.close());
      await Promise.all([
        within(LEAVE_TIMEOUT_MS, leave, () => new Error(`The source ${source.name} did not answer.`), time).catch((error) =>
          log.warn({ err: error }, "left without a last commit"),
        ),
        sinks.close(),
      ]);
    },
  };
};

/** A source that is away is not waited for: without the last commit some handlers run twice. */
const LEAVE_TIMEOUT_MS = 1_000;
