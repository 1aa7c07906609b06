import type { Contract } from "../contract/contract.ts";
import { createAnswerer } from "./handler-invoker.ts";
import { createBurial } from "./dead-letter-publisher.ts";
import type { AnyHandlers } from "./handler.ts";
import { createLanes } from "./keyed-executor.ts";
import { readRecord } from "./reading.ts";
import type { OutgoingReply } from "./replies.ts";
import { createRequesterReading, type RequesterReadingOptions } from "./requester-reading.ts";
import { createSettlement } from "./request-processor.ts";
import type { Sink } from "./sink.ts";
import { type FlowOptions, type RunningConsumer, startFlow } from "./start-flow.ts";

export type StartConsumerOptions = Omit<FlowOptions, "maxRecords" | "requesterSink"> & {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  /** Requesters that wait on Kafka instead of asking a Worker. */
  readonly requesters?: Requesters | undefined;
  /** How many handlers run at once. */
  readonly concurrency: number;
};

export type Requesters = Omit<RequesterReadingOptions, "contract"> & { readonly sink: Sink };

/** For each handler that runs, so many records wait behind it: enough that none idles while replies travel. */
const WINDOW_PER_HANDLER = 16;
const MIN_WINDOW = 1_000;

/** Starts to answer requests by handlers. */
export const startConsumer = (options: StartConsumerOptions): RunningConsumer => {
  const { contract, concurrency, requesters } = options;
  const maxRecords = Math.max(concurrency * WINDOW_PER_HANDLER, MIN_WINDOW);
  return startFlow({ ...options, maxRecords, requesterSink: requesters?.sink }, ({ offsets, replies, delivery, stop }) => {
    const onProcessing = (reply: OutgoingReply): void => void delivery.deliver(reply);
    const answer = createAnswerer({ ...options, replies, stop, onProcessing });
    const bury = createBurial({ ...options, stop });
    const read = requesters === undefined ? readRecord : createRequesterReading({ contract, ...requesters });
    return createSettlement({ read, offsets, lanes: createLanes({ concurrency }), answer, replies, delivery, bury });
  });
};
