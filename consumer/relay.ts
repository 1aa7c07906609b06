import type { Operation } from "../contract/operation.ts";
import type { Log } from "../environment/log.ts";
import { createProblem } from "../protocol/problem.ts";
import type { Reply } from "../protocol/reply-event.ts";
import { validateGiven } from "./checked-json.ts";
import type { ProcessRecord } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { logFieldsOf, type Replies } from "./replies.ts";
import { readResponderReply, type ResponderReply } from "./responder-reply.ts";
import type { Source } from "./source.ts";
import { type FlowOptions, type RunningConsumer, startFlow } from "./start-flow.ts";

type StartRelayOptions = Omit<FlowOptions, "requesterSink"> & {
  readonly source: Source;
  /** The operations that responders answer, by the topics of their replies. */
  readonly operations: ReadonlyMap<string, Operation>;
};

/** Replies that may wait for the Worker at the same time. */
const MAX_RECORDS = 1_000;

/** Starts to relay the replies of responders to the Worker. */
export const startRelay = (options: StartRelayOptions): RunningConsumer => {
  const { source, operations, log } = options;
  return startFlow(options, ({ replies, router }) => [
    { source, maxRecords: MAX_RECORDS, createProcessor: () => createRelayProcessor({ operations, replies, router, log }) },
  ]);
};

type RelayParts = Pick<StartRelayOptions, "operations"> & {
  readonly replies: Replies;
  readonly router: Delivery;
  readonly log: Log;
};

/**
 * How a responder's reply is processed: read → checked by the schema of its operation → delivered. The Worker decides whether it is in time and
 * the first. Others may use the same reply topic: a reply that answers none of our requests is passed over.
 */
const createRelayProcessor = ({ operations, replies, router, log }: RelayParts): ProcessRecord => {
  let passedOver = 0;

  const replyOf = async (operation: Operation, { correlationId, traceparent, ...given }: ResponderReply): Promise<Reply> => {
    const to = { correlationId, operation: operation.name, traceparent };
    const about = logFieldsOf(to);
    if (given.kind === "failed") {
      log.warn({ ...about, reason: given.reason }, "the responder failed");
      return replies.failed(to, given.problem);
    }
    if (given.kind === "unreadable") {
      log.error({ ...about, reason: given.reason }, "the responder's reply cannot be read");
      return replies.failed(to, createProblem("INVALID_REPLY", { detail: given.reason }));
    }
    try {
      const { value, errors } = await validateGiven(operation.reply, given.data);
      if (errors === undefined) return replies.succeeded(to, value);
      log.error({ ...about, errors }, "the responder's reply does not fit the schema");
    } catch (error) {
      log.error({ ...about, err: error }, "the schema of the responder's reply failed");
    }
    return replies.failed(to, createProblem("INVALID_REPLY"));
  };

  return async (record) => {
    const operation = operations.get(record.topic);
    const reply = readResponderReply(record);
    if (operation !== undefined && reply !== undefined) return router.deliver(await replyOf(operation, reply));
    passedOver += 1;
    const { topic, partition, offset } = record;
    log.debug({ topic, partition, offset, passedOver }, "ignored a reply to somebody else's request");
    return true;
  };
};
