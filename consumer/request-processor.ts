import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { problemOf } from "../protocol/problem.ts";
import type { ProcessRecord } from "./consumer.ts";
import type { DeadLetterPublisher } from "./dead-letter-publisher.ts";
import type { Delivery } from "./delivery.ts";
import type { AttemptResult, HandlerInvoker } from "./handler-invoker.ts";
import type { KeyedExecutor, StartedTask } from "./keyed-executor.ts";
import type { Offsets } from "./offsets.ts";
import type { IncomingRequest, Reading } from "./reading.ts";
import type { Replies } from "./replies.ts";

type RequestProcessorParts = {
  /** What a record is; never throws. */
  read(record: ConsumerRecord): Reading;
  readonly offsets: Pick<Offsets, "holds">;
  readonly executor: KeyedExecutor;
  readonly invokeHandler: HandlerInvoker;
  readonly replies: Replies;
  readonly router: Delivery;
  readonly publishDeadLetter: DeadLetterPublisher;
};

/** How a request is processed: read → handled when it is its key's turn → reply delivered. */
export const createRequestProcessor = (parts: RequestProcessorParts): ProcessRecord => {
  const { read, offsets, executor, invokeHandler, replies, router, publishDeadLetter } = parts;

  // Replies to requests that are in flight must fit into memory too: while replies cannot be delivered, no further handler starts.
  const handleWithRoom = (request: IncomingRequest): StartedTask<AttemptResult | undefined> => {
    const started = router.room(request).then(() => invokeHandler(request, 1));
    return { result: started.then(({ result }) => result), ended: started.then(({ ended }) => ended) };
  };

  return async (record) => {
    const reading = read(record);
    if (reading.kind === "dead") return publishDeadLetter(record, reading.reason);
    if (reading.kind === "refused") return router.deliver(replies.failed(reading.to, problemOf(reading.error)));
    const { request } = reading;
    const handled = await executor.run(orderOf(record), () => (offsets.holds(record) ? handleWithRoom(request) : LEFT_TO_OTHERS));
    if (handled === undefined) return false;
    if (handled.kind === "failed") return router.deliver(replies.failed(request, handled.problem));
    const delivered = router.deliver(handled.reply);
    // Behind the reply that says that the deadline has passed; the commit does not wait for it. Requesters on Kafka take one reply only.
    if (request.returnTo === undefined) void handled.late?.then((reply) => reply && router.deliver(reply));
    return delivered;
  };
};

/** The partition belongs to another member now, which gets the record too. */
const LEFT_TO_OTHERS: StartedTask<undefined> = { result: Promise.resolve(undefined), ended: Promise.resolve() };

/** What requests that are handled in order have in common: topic and key. A request without a key waits for no other. */
const orderOf = ({ topic, key }: ConsumerRecord): string | undefined => {
  if (key === null) return undefined;
  return `${topic}/${typeof key === "string" ? key : Buffer.from(key).toString("latin1")}`;
};
