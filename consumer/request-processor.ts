import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { problemOf } from "../protocol/problem.ts";
import type { ProcessRecord } from "./consumer.ts";
import type { DeadLetterPublisher } from "./dead-letter-publisher.ts";
import type { HandlerInvoker } from "./handler-invoker.ts";
import type { KeyedExecutor, StartedTask } from "./keyed-executor.ts";
import type { Offsets } from "./offsets.ts";
import type { IncomingRequest, Reading } from "./reading.ts";
import type { OutgoingReply, Replies } from "./replies.ts";
import type { ReplyRouter } from "./reply-router.ts";

export type RequestProcessorParts = {
  /** What a record is; never throws. */
  read(record: ConsumerRecord): Reading;
  readonly offsets: Pick<Offsets, "holds">;
  readonly executor: KeyedExecutor;
  readonly invokeHandler: HandlerInvoker;
  readonly replies: Replies;
  readonly router: ReplyRouter;
  readonly publishDeadLetter: DeadLetterPublisher;
};

/** How a request is processed: read → handled when it is its key's turn → reply delivered. */
export const createRequestProcessor = (parts: RequestProcessorParts): ProcessRecord => {
  const { read, offsets, executor, invokeHandler, replies, router, publishDeadLetter } = parts;

  // Replies to requests that are in flight must fit into memory too: while replies cannot be delivered, no further handler starts.
  const handleWithRoom = (request: IncomingRequest): StartedTask<OutgoingReply> => {
    const started = router.room(request).then(() => invokeHandler(request));
    return { result: started.then(({ result }) => result), ended: started.then(({ ended }) => ended) };
  };

  return async (record) => {
    const reading = read(record);
    if (reading.kind === "dead") return publishDeadLetter(record, reading.reason);
    const reply =
      reading.kind === "request"
        ? await executor.run(orderOf(record), () => (offsets.holds(record) ? handleWithRoom(reading.request) : LEFT_TO_OTHERS))
        : replies.failed(reading.to, problemOf(reading.error));
    return reply !== undefined && router.deliver(reply);
  };
};

/** The partition belongs to another member now, which gets the record too. */
const LEFT_TO_OTHERS: StartedTask<undefined> = { result: Promise.resolve(undefined), ended: Promise.resolve() };

/** What requests that are handled in order have in common: topic and key. A request without a key waits for no other. */
const orderOf = ({ topic, key }: ConsumerRecord): string | undefined => {
  if (key === null) return undefined;
  return `${topic}/${typeof key === "string" ? key : Buffer.from(key).toString("latin1")}`;
};
