import type { Contract } from "../contract/contract.ts";
import { type Cancellations, createCancellations } from "./cancellations.ts";
import { createDeadLetterPublisher } from "./dead-letter-publisher.ts";
import type { AnyHandlers } from "./handler.ts";
import { createHandlerInvoker } from "./handler-invoker.ts";
import { createKeyedExecutor } from "./keyed-executor.ts";
import { type ConsumerTracing, traceInvoker } from "./observe/tracing.ts";
import { readRecord } from "./reading.ts";
import { createRequestProcessor } from "./request-processor.ts";
import { createRequesterReading, type RequesterReadingOptions } from "./requester-reading.ts";
import type { Sink } from "./sink.ts";
import { type FlowOptions, type RunningConsumer, startFlow } from "./start-flow.ts";

type StartConsumerOptions = Omit<FlowOptions, "maxRecords" | "requesterSink"> & {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  /** Requesters that wait on Kafka instead of asking a Worker. */
  readonly requesters?: Requesters | undefined;
  /** How many handlers run at once. */
  readonly concurrency: number;
  /** What the mailbox says is to be cancelled. Default: nothing is. */
  readonly cancellations?: Cancellations | undefined;
  /** Absent: no spans. */
  readonly traced?: ConsumerTracing | undefined;
};

export type Requesters = Omit<RequesterReadingOptions, "contract"> & { readonly sink: Sink };

/** Records in flight for each handler that runs: enough that no handler idles while replies travel. */
const RECORDS_PER_HANDLER = 16;
const MIN_RECORDS = 1_000;

/** Starts to answer requests by handlers. */
export const startConsumer = (options: StartConsumerOptions): RunningConsumer => {
  const { contract, concurrency, requesters, cancellations = createCancellations() } = options;
  const maxRecords = Math.max(concurrency * RECORDS_PER_HANDLER, MIN_RECORDS);
  return startFlow({ ...options, maxRecords, requesterSink: requesters?.sink }, ({ offsets, replies, router, stop }) => {
    return createRequestProcessor({
      read: requesters === undefined ? readRecord : createRequesterReading({ contract, ...requesters }),
      offsets,
      executor: createKeyedExecutor({ concurrency }),
      invokeHandler: traceInvoker(
        options.traced,
        contract,
        createHandlerInvoker({ ...options, cancellations, replies, stop, deliver: (news) => router.deliver(news) }),
      ),
      replies,
      router,
      publishDeadLetter: createDeadLetterPublisher({ ...options, stop }),
    });
  });
};
