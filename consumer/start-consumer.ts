import type { CommandDecider } from "./aggregates/command.ts";
import type { Contract } from "../contract/contract.ts";
import { createCallerCheck } from "./caller-check.ts";
import { type Cancellations, createCancellations } from "./cancellations.ts";
import { createDeadLetterPublisher } from "./dead-letter-publisher.ts";
import type { AnyHandlers } from "./handler.ts";
import { createHandlerInvoker } from "./handler-invoker.ts";
import type { IntakeDefinition } from "./intake.ts";
import { createKeyedExecutor } from "./keyed-executor.ts";
import { SILENT_OBSERVER } from "./observe/observer.ts";
import { type ConsumerTracing, traceInvoker } from "./observe/tracing.ts";
import type { OnceStore } from "./once/store.ts";
import { readRecord } from "./reading.ts";
import { createRequestProcessor, type RequestProcessor } from "./request-processor.ts";
import { createRequesterReading, type RequesterReadingOptions } from "./requester-reading.ts";
import { createAttempts } from "./retry/attempts.ts";
import { createRetryProcessor } from "./retry/retry-processor.ts";
import { createRetryTopic } from "./retry/retry-topic.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import { type FlowOptions, type RunningConsumer, startFlow } from "./start-flow.ts";

type StartConsumerOptions = Omit<FlowOptions, "requesterSink"> & {
  /** Of the topics of the requests. */
  readonly source: Source;
  /** Of their retry topics, if some operation gives up its order. */
  readonly retrySource?: Source | undefined;
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  /** Decides the commands of aggregates. Absent: there are none. */
  readonly commands?: CommandDecider | undefined;
  /** Keeps the results of steps. Absent: handlers can do none by `once`. */
  readonly onceStore?: OnceStore | undefined;
  /** Requesters that wait on Kafka instead of asking a Worker. */
  readonly requesters?: Requesters | undefined;
  /** The key bytes of each REPLY_SECRET, which Workers sign callers with. Default: none, so that requests are anonymous or refused. */
  readonly callerSecrets?: readonly Uint8Array[] | undefined;
  /** How many handlers run at once. */
  readonly concurrency: number;
  /** What the mailbox says is to be cancelled. Default: nothing is. */
  readonly cancellations?: Cancellations | undefined;
  /** Absent: no spans. */
  readonly traced?: ConsumerTracing | undefined;
  readonly random?: (() => number) | undefined;
};

export type Requesters = Omit<RequesterReadingOptions, "contract"> & { readonly sink: Sink };

/** Records in flight for each handler that runs: enough that no handler idles while replies travel. */
const RECORDS_PER_HANDLER = 16;
const MIN_RECORDS = 1_000;

/** Starts to answer requests by handlers. */
export const startConsumer = (options: StartConsumerOptions): RunningConsumer => {
  const { contract, source, retrySource, concurrency, requesters, log, time, random, cancellations = createCancellations() } = options;
  const { observer = SILENT_OBSERVER, callerSecrets = [] } = options;
  const maxRecords = Math.max(concurrency * RECORDS_PER_HANDLER, MIN_RECORDS);
  return startFlow({ ...options, requesterSink: requesters?.sink }, ({ replies, router, stop }) => {
    // One for both sources: a place is a place, and two handlers of one key never overlap in this process.
    const executor = createKeyedExecutor({ concurrency });
    const invokeHandler = traceInvoker(
      options.traced,
      contract,
      createHandlerInvoker({ ...options, cancellations, replies, stop, deliver: (news) => router.deliver(news) }),
    );
    const publishDeadLetter = createDeadLetterPublisher({ source, log, observer, stop, time, random });
    const moveToRetryTopic = createRetryTopic({ source, log });
    const onRetry = (operation: string): void => observer.handled(operation, "retried");
    const readAny = requesters === undefined ? readRecord : createRequesterReading({ contract, ...requesters });
    const read = createCallerCheck({ read: readAny, secrets: callerSecrets });

    const createProcessor = ({ offsets, pauses }: Parameters<IntakeDefinition["createProcessor"]>[0]): RequestProcessor => {
      const shared = { cancellations, replies, router, pauses };
      const attempts = createAttempts({ ...shared, contract, executor, offsets, invokeHandler, moveToRetryTopic, onRetry, time, random });
      return createRequestProcessor({ ...shared, read, executor, attempts, publishDeadLetter, observer });
    };
    const first: IntakeDefinition = {
      source,
      maxRecords,
      createProcessor(parts) {
        const process = createProcessor(parts);
        return (taken) => process(taken);
      },
    };
    if (retrySource === undefined) return [first];
    const again: IntakeDefinition = {
      source: retrySource,
      maxRecords,
      createProcessor: (parts) => createRetryProcessor({ process: createProcessor(parts), publishDeadLetter }),
    };
    return [first, again];
  });
};
