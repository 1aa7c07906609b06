import type { Operation } from "../contract/operation.ts";
import { createRelay } from "./relay.ts";
import { type FlowOptions, type RunningConsumer, startFlow } from "./start-flow.ts";

export type StartRelayOptions = Omit<FlowOptions, "maxRecords"> & {
  /** The operations that responders answer, by the topics of their replies. */
  readonly operations: ReadonlyMap<string, Operation>;
};

/** Replies that may wait for the Worker at once. */
const MAX_RECORDS = 1_000;

/** Starts to hand on the replies of responders. */
export const startRelay = (options: StartRelayOptions): RunningConsumer => {
  const { operations, log } = options;
  return startFlow({ ...options, maxRecords: MAX_RECORDS }, ({ replies, delivery }) => createRelay({ operations, replies, delivery, log }));
};
