import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { problemOf } from "../protocol/problem.ts";
import type { Answerer } from "./handler-invoker.ts";
import type { Settle } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import type { Lanes, Running } from "./keyed-executor.ts";
import type { Offsets } from "./offsets.ts";
import type { IncomingRequest, Reading } from "./reading.ts";
import type { OutgoingReply, Replies } from "./replies.ts";

export type SettlementParts = {
  /** What a record is; never throws. */
  read(record: ConsumerRecord): Reading;
  readonly offsets: Pick<Offsets, "holds">;
  readonly lanes: Lanes;
  readonly answer: Answerer;
  readonly replies: Replies;
  readonly delivery: Delivery;
  /** Puts a record aside that nobody can be told of; resolves with false if it was stopped before. */
  bury(record: ConsumerRecord, reason: string): Promise<boolean>;
};

/** How a request is settled: read → answered in its lane → reply delivered. */
export const createSettlement = ({ read, offsets, lanes, answer, replies, delivery, bury }: SettlementParts): Settle => {
  // The replies of what was taken already must fit into memory too: while they cannot be delivered, no further handler starts.
  const answerWithRoom = (request: IncomingRequest): Running<OutgoingReply> => {
    const running = delivery.room().then(() => answer(request));
    return { result: running.then(({ result }) => result), ended: running.then(({ ended }) => ended) };
  };

  return async (record) => {
    const reading = read(record);
    if (reading.kind === "dead") return bury(record, reading.reason);
    const reply =
      reading.kind === "request"
        ? await lanes.run(laneOf(record), () => (offsets.holds(record) ? answerWithRoom(reading.request) : LEFT_TO_OTHERS))
        : replies.failed(reading.to, problemOf(reading.error));
    return reply !== undefined && delivery.deliver(reply);
  };
};

/** Whoever has the partition now is given the record too. */
const LEFT_TO_OTHERS: Running<undefined> = { result: Promise.resolve(undefined), ended: Promise.resolve() };

/** Requests with one key are handled in order; one without a key waits for nobody. */
const laneOf = ({ topic, key }: ConsumerRecord): string | undefined => {
  if (key === null) return undefined;
  return `${topic}/${typeof key === "string" ? key : Buffer.from(key).toString("latin1")}`;
};
