import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { problemOf } from "../protocol/problem.ts";
import type { Answerer } from "./answer.ts";
import type { Commits } from "./commits.ts";
import type { Delivery } from "./delivery.ts";
import type { Lanes, Running } from "./lanes.ts";
import { type Offsets, partitionKey } from "./offsets.ts";
import type { IncomingRequest, Reading } from "./reading.ts";
import type { OutgoingReply, Replies } from "./replies.ts";
import type { OnRevoked, Source } from "./source.ts";
import { unlessAborted } from "./timers.ts";
import type { Window } from "./window.ts";

export type ConsumerParts = {
  readonly source: Source;
  /** What a record is; never throws. */
  read(record: ConsumerRecord): Reading;
  readonly offsets: Offsets;
  readonly lanes: Lanes;
  readonly window: Window;
  readonly answer: Answerer;
  readonly replies: Replies;
  readonly delivery: Delivery;
  readonly commits: Commits;
  /** Puts a record aside that nobody can be told of; resolves with false if it was stopped before. */
  bury(record: ConsumerRecord, reason: string): Promise<boolean>;
};

/** Takes records, has them answered, and sees to it that each is settled before it is committed. */
export type Consumer = {
  /** Consumes until the signal aborts. What is under way then goes on. */
  run(signal: AbortSignal): Promise<void>;
  /** Finishes what was taken of partitions that go to others, commits it and forgets them. What has not begun by then never does. */
  readonly handOver: OnRevoked;
};

/** The flow of a record: taken → read → answered in its lane → reply delivered → committed. */
export const createConsumer = (parts: ConsumerParts): Consumer => {
  const { source, read, offsets, lanes, window, answer, replies, delivery, commits, bury } = parts;
  const underWay = new Map<ConsumerRecord, Promise<void>>();

  // The replies of what was taken already must fit into memory too: while they cannot be delivered, no further handler starts.
  const answerWithRoom = (request: IncomingRequest): Running<OutgoingReply> => {
    const running = delivery.room().then(() => answer(request));
    return { result: running.then(({ result }) => result), ended: running.then(({ ended }) => ended) };
  };

  const settle = async (record: ConsumerRecord): Promise<void> => {
    const reading = read(record);
    if (reading.kind === "dead") {
      if (!(await bury(record, reading.reason))) return;
    } else {
      const reply =
        reading.kind === "request"
          ? await lanes.run(laneOf(record), () => (offsets.holds(record) ? answerWithRoom(reading.request) : LEFT_TO_OTHERS))
          : replies.failed(reading.to, problemOf(reading.error));
      if (reply === undefined) return;
      // Reply before commit: a crash between the two repeats the handler, and the Mailbox drops the second reply.
      // The other way round it would lose the reply.
      if (!(await delivery.deliver(reply))) return;
    }
    offsets.settle(record);
    commits.schedule();
  };

  return {
    async run(signal) {
      for await (const record of source.records(signal)) {
        if (!offsets.take(record)) continue;
        const bytes = sizeOf(record);
        window.enter(bytes);
        const settled = settle(record).finally(() => {
          underWay.delete(record);
          window.leave(bytes);
        });
        underWay.set(record, settled);
        // Without room nothing more is read: while replies cannot be delivered, Kafka keeps the requests and not this process.
        await window.room(signal);
      }
    },
    async handOver(partitions, signal) {
      if (!signal.aborted) {
        const revoked = new Set(partitions.map(partitionKey));
        const theirs = [...underWay].filter(([record]) => revoked.has(partitionKey(record))).map(([, settled]) => settled);
        await unlessAborted(Promise.all(theirs), signal);
        await commits.flush();
      }
      for (const partition of partitions) offsets.forget(partition);
    },
  };
};

/** Whoever has the partition now is given the record too. */
const LEFT_TO_OTHERS: Running<undefined> = { result: Promise.resolve(undefined), ended: Promise.resolve() };

/** Requests with one key are handled in order; one without a key waits for nobody. */
const laneOf = ({ topic, key }: ConsumerRecord): string | undefined => {
  if (key === null) return undefined;
  return `${topic}/${typeof key === "string" ? key : Buffer.from(key).toString("latin1")}`;
};

const sizeOf = ({ value, headers }: ConsumerRecord): number =>
  headers.reduce((bytes, header) => bytes + header.key.length + (header.value?.length ?? 0), value?.length ?? 0);
