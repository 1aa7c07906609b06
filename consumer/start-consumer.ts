import type { Contract } from "../contract/contract.ts";
import type { Reply } from "../protocol/reply-event.ts";
import { createAnswerer } from "./answer.ts";
import { createBurial } from "./burial.ts";
import type { AnyHandlers } from "./handler.ts";
import { createLanes } from "./lanes.ts";
import { createSettlement } from "./settlement.ts";
import { type FlowOptions, type RunningConsumer, startFlow } from "./start-flow.ts";

export type StartConsumerOptions = Omit<FlowOptions, "maxRecords"> & {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  /** How many handlers run at once. */
  readonly concurrency: number;
};

/** For each handler that runs, so many records wait behind it: enough that none idles while replies travel. */
const WINDOW_PER_HANDLER = 16;
const MIN_WINDOW = 1_000;

/** Starts to answer requests by handlers. */
export const startConsumer = (options: StartConsumerOptions): RunningConsumer => {
  const { concurrency } = options;
  const maxRecords = Math.max(concurrency * WINDOW_PER_HANDLER, MIN_WINDOW);
  return startFlow({ ...options, maxRecords }, ({ offsets, replies, delivery, stop }) => {
    const onProcessing = (reply: Reply): void => void delivery.deliver(reply);
    const answer = createAnswerer({ ...options, replies, stop, onProcessing });
    const bury = createBurial({ ...options, stop });
    return createSettlement({ offsets, lanes: createLanes({ concurrency }), answer, replies, delivery, bury });
  });
};
