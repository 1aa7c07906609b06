import type { Log } from "../../environment/log.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { ProduceError, type ProduceOutcome } from "../../kafka/produce-error.ts";
import type { KafkaProducer } from "../../kafka/producer.ts";
import type { CloudEvent } from "../../protocol/cloudevent.ts";
import { MAX_PARTITION_BATCH_BYTES } from "../../protocol/limits.ts";
import { createProblem } from "../../protocol/problem.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { PROBLEM_HEADER, SPRING_HEADERS } from "../../protocol/spring-headers.ts";
import { isBinaryCorrelation, type ReturnAddress } from "../return-address.ts";
import type { Attempt, EncodedReply, Sink } from "../sink.ts";

export type ReplyTopicSinkOptions = { readonly producer: Pick<KafkaProducer, "produce">; readonly log: Log };

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_REPLIES = 500;
const REFUSED: ReadonlySet<string> = new Set<KafkaError["code"]>(["too-large", "rejected"]);

/** Delivers to requesters on Kafka: to the topic that a request named, with the bytes by which the requester knows it. */
export const replyTopicSink = ({ producer, log }: ReplyTopicSinkOptions): Sink => {
  const produce = async (records: readonly NewRecord[]): Promise<readonly ProduceOutcome[]> => {
    try {
      return await producer.produce(records);
    } catch (error) {
      if (error instanceof ProduceError) return error.outcomes;
      throw error;
    }
  };

  const outcomeOf = (place: ProduceOutcome | undefined, { correlationId, returnTo }: EncodedReply): Outcome => {
    if (!(place instanceof KafkaError)) return "stored";
    // The requester named a partition that is not there, or the configuration a topic: others must not wait for that.
    if (place.code !== "unknown-topic" && !REFUSED.has(place.code)) return "retry";
    log.error({ err: place, correlationId, topic: returnTo?.topic, partition: returnTo?.partition }, "a reply cannot be produced");
    return "unknown";
  };

  return {
    name: "reply-topic",
    limits: { maxReplies: MAX_BATCH_REPLIES, maxBytes: MAX_BATCH_BYTES, maxReplyBytes: MAX_PARTITION_BATCH_BYTES },
    async send({ replies }): Promise<Attempt> {
      const outcomes = new Map<string, Outcome>();
      const sent = replies.flatMap((reply) => {
        const record = toRecord(reply);
        return record === undefined ? [] : [{ reply, record }];
      });
      const places = await produce(sent.map(({ record }) => record));
      const isTooLarge = (index: number): boolean => (places[index] as Partial<KafkaError>).code === "too-large";
      for (const [index, { reply }] of sent.entries()) outcomes.set(reply.id, outcomeOf(places[index], reply));
      const tooLarge = sent.filter((_, index) => isTooLarge(index)).map(({ reply }) => reply);
      const told = await produce(tooLarge.map(tellTooLarge));
      for (const [index, reply] of tooLarge.entries()) outcomes.set(reply.id, outcomeOf(told[index], reply));
      // What is not sent is done with.
      const results = replies.map(({ id, correlationId }) => ({ id, correlationId, outcome: outcomes.get(id) ?? "stored" }) as const);
      const [first] = places;
      const isAway = first instanceof KafkaError && results.every(({ outcome }) => outcome === "retry");
      return isAway ? { kind: "unavailable", reason: first.message } : { kind: "answered", results };
    },
  };
};

const stateOf = ({ type }: CloudEvent): string => type.slice(type.lastIndexOf(".") + 1);

/** Undefined for news that a handler is at work: nobody who waits on a topic can be told. */
const toRecord = ({ json, returnTo }: EncodedReply): NewRecord | undefined => {
  const event = JSON.parse(json) as CloudEvent;
  const address = returnTo as ReturnAddress;
  const state = stateOf(event);
  if (state === "processing") return undefined;
  if (state === "succeeded") return { ...addressed(address), value: Buffer.from(JSON.stringify(event.data)) };
  return withProblem(address, state === "failed" ? event.data : createProblem("DEADLINE_EXCEEDED"));
};

const tellTooLarge = ({ returnTo }: EncodedReply): NewRecord => withProblem(returnTo as ReturnAddress, createProblem("REPLY_TOO_LARGE"));

type Addressed = NewRecord & { readonly headers: readonly (readonly [Buffer, Buffer])[] };

const addressed = ({ topic, partition, correlation, key }: ReturnAddress): Addressed => ({
  topic,
  partition,
  key: key === null ? undefined : Buffer.from(key),
  headers: [
    header(SPRING_HEADERS.correlationId, Buffer.from(correlation)),
    // Without it Nest's client waits for more replies.
    ...(isBinaryCorrelation(correlation) ? [] : [header(SPRING_HEADERS.nestIsDisposed, Buffer.alloc(1))]),
  ],
});

const withProblem = (address: ReturnAddress, problem: unknown): NewRecord => {
  const record = addressed(address);
  const json = Buffer.from(JSON.stringify(problem));
  const nest = isBinaryCorrelation(address.correlation) ? [] : [header(SPRING_HEADERS.nestError, json)];
  return { ...record, headers: [...record.headers, header(PROBLEM_HEADER, json), ...nest] };
};

const header = (name: string, value: Buffer): readonly [Buffer, Buffer] => [Buffer.from(name), value];
