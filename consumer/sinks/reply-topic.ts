import type { Log } from "../../environment/log.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { ProduceError, type ProduceOutcome } from "../../kafka/produce-error.ts";
import type { KafkaProducer } from "../../kafka/producer.ts";
import { MAX_PARTITION_BATCH_BYTES } from "../../protocol/limits.ts";
import { createProblem } from "../../protocol/problem.ts";
import { PROBLEM_HEADER, SPRING_HEADERS, TRACEPARENT_HEADER } from "../../protocol/spring-headers.ts";
import { logFieldsOf, type OutgoingReply } from "../replies.ts";
import { isBinaryCorrelation, type ReturnAddress } from "../return-address.ts";
import type { EncodedReply, ReplyResult, Sink } from "../sink.ts";

type ReplyTopicSinkOptions = { readonly producer: Pick<KafkaProducer, "produce">; readonly log: Log };

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_REPLIES = 500;
/** The requester named a partition that does not exist, or the configuration a topic, or the broker refuses such a record for good. */
const UNDELIVERABLE: ReadonlySet<string> = new Set<KafkaError["code"]>(["unknown-topic", "rejected"]);

/** A reply as the record for its requester. */
type EncodedRecord = EncodedReply & { readonly about: ReturnType<typeof logFieldsOf>; readonly record: NewRecord };

/** Delivers to requesters on Kafka: to the topic that a request named, with the bytes by which the requester knows its request. */
export const replyTopicSink = ({ producer, log }: ReplyTopicSinkOptions): Sink<EncodedRecord> => {
  /** Never rejects: an error that says nothing about single records is the outcome of each. */
  const produce = async (records: readonly NewRecord[]): Promise<readonly ProduceOutcome[]> => {
    try {
      return await producer.produce(records);
    } catch (error) {
      if (error instanceof ProduceError) return error.outcomes;
      const failure = error instanceof KafkaError ? error : new KafkaError("unexpected", (error as Error).message, { cause: error });
      return records.map(() => failure);
    }
  };

  const outcomeOf = (produced: ProduceOutcome | undefined, { about, record }: EncodedRecord): ReplyResult["outcome"] => {
    if (!(produced instanceof KafkaError)) return "stored";
    if (produced.code === "too-large") return "too-large";
    // Others must not wait for it.
    if (!UNDELIVERABLE.has(produced.code)) return "retry";
    const { topic, partition } = record;
    log.error({ ...about, err: produced, topic, partition }, "a reply cannot be produced");
    return "undeliverable";
  };

  return {
    name: "reply-topic",
    limits: { maxReplies: MAX_BATCH_REPLIES, maxBytes: MAX_BATCH_BYTES, maxReplyBytes: MAX_PARTITION_BATCH_BYTES, maxUnanswered: 1 },
    encode(reply) {
      const record = toRecord(reply);
      return record && { id: reply.id, about: logFieldsOf(reply), record, bytes: sizeOf(record) };
    },
    async send({ replies }) {
      const produced = await produce(replies.map(({ record }) => record));
      const results = replies.map((reply, index) => ({ id: reply.id, outcome: outcomeOf(produced[index], reply) }));
      const [first] = produced;
      const isAway = first instanceof KafkaError && results.every(({ outcome }) => outcome === "retry");
      return isAway ? { kind: "unavailable", reason: first.message } : { kind: "answered", results };
    },
  };
};

type ReplyRecord = NewRecord & { readonly headers: NonNullable<NewRecord["headers"]> };

/** Undefined for `processing`: a requester on a topic could not use it. */
const toRecord = (reply: OutgoingReply): ReplyRecord | undefined => {
  const { state, data } = reply;
  if (state === "processing") return undefined;
  if (state === "succeeded") return { ...addressed(reply), value: toJson(data) };
  return withProblem(reply, state === "failed" ? data : createProblem("DEADLINE_EXCEEDED"));
};

const addressed = ({ returnTo, traceparent }: OutgoingReply): ReplyRecord => {
  const { topic, partition, correlation, key } = returnTo as ReturnAddress;
  return {
    topic,
    partition,
    key: key === null ? undefined : Buffer.from(key),
    headers: [
      header(SPRING_HEADERS.correlationId, Buffer.from(correlation)),
      // Without it Nest's client waits for more replies.
      ...(isBinaryCorrelation(correlation) ? [] : [header(SPRING_HEADERS.nestIsDisposed, Buffer.alloc(1))]),
      ...(traceparent === undefined ? [] : [header(TRACEPARENT_HEADER, Buffer.from(traceparent))]),
    ],
  };
};

const withProblem = (reply: OutgoingReply, problem: unknown): ReplyRecord => {
  const record = addressed(reply);
  const json = toJson(problem);
  const nest = isBinaryCorrelation((reply.returnTo as ReturnAddress).correlation) ? [] : [header(SPRING_HEADERS.nestError, json)];
  return { ...record, headers: [...record.headers, header(PROBLEM_HEADER, json), ...nest] };
};

const toJson = (data: unknown): Buffer => Buffer.from(JSON.stringify(data));

const header = (name: string, value: Buffer): readonly [Buffer, Buffer] => [Buffer.from(name), value];

const sizeOf = ({ key, value, headers }: ReplyRecord): number =>
  headers.reduce((bytes, [name, content]) => bytes + name.length + (content?.length ?? 0), (key?.length ?? 0) + (value?.length ?? 0));
