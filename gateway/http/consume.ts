import { requireTopic } from "../credentials.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import type { InstanceOptions } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Call, Route } from "./call.ts";
import {
  isObject,
  readInstance,
  readIntegerText,
  readObjects,
  readOffset,
  readTimeout,
  readTopic,
  requireFew,
  unexpected,
} from "./input.ts";

/** What the dialect's documentation says, in ms. */
const DEFAULT_WAIT_MS = 1000;

/** `/consume/$GROUP/$INSTANCE[/$TOPIC]`: the next records of an instance, as one array. */
export const consumeRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [2, 3],
  waits: true,
  async handle(call) {
    const topics = readTopics(call);
    for (const topic of topics) requireTopic(call.credential, topic);
    const { records, settle } = await call.engine.consume({
      ...readInstance(call),
      topics,
      options: () => readOptions(call),
      timeoutMs: readTimeout(call, DEFAULT_WAIT_MS),
      room: call.room,
      signal: call.signal(),
    });
    call.metrics.delivered(records);
    return { body: records, settle };
  },
};

/** `/fetch`: records from given offsets on, one or a set of them or both. */
export const fetchRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [0, 0],
  waits: true,
  async handle(call) {
    const offsets = readOffsets(call.body);
    for (const { topic } of offsets) requireTopic(call.credential, topic);
    const timeoutMs = readTimeout(call, DEFAULT_WAIT_MS);
    const records = await call.engine.fetch({ offsets, timeoutMs, room: call.room, signal: call.signal() });
    call.metrics.delivered(records);
    return { body: records };
  },
};

const readTopics = ({ path: [, , segment], body = {} }: Call): string[] => {
  if (!isObject(body)) throw unexpected("the body", "an object", body);
  const { topic, topics } = body;
  if (segment !== undefined) {
    // A client that does not encode a group or an instance with a slash in it seems to name a topic in the path.
    if ((topic ?? topics ?? undefined) !== undefined)
      throw new GatewayError(
        400,
        "Expected the topic in the path or in the body, got both. A slash within the name of a group or an instance is written as %2F.",
      );
    return [readTopic(segment)];
  }
  if (topics !== undefined && topics !== null && !Array.isArray(topics)) throw unexpected("topics", "an array", topics);
  const named = [...(topic === undefined || topic === null ? [] : [topic]), ...((topics as unknown[] | null | undefined) ?? [])];
  requireFew("topics", named);
  if (named.length === 0) throw new GatewayError(400, "Expected a topic: as `topic` or `topics` in the body, or at the end of the path.");
  return named.map(readTopic);
};

const readOffsets = (body: unknown): TopicPartitionOffset[] => {
  if (!isObject(body)) throw unexpected("the body", "an object", body);
  const single = body["topic"] === undefined || body["topic"] === null ? [] : [readOffset(body)];
  const offsets = [...single, ...readObjects("topicPartitionOffsets", body["topicPartitionOffsets"] ?? undefined).map(readOffset)];
  if (offsets.length === 0) throw new GatewayError(400, "Expected topic, partition and offset, or topicPartitionOffsets.");
  return offsets;
};

/** A day: the longest that a session, or the pause between two automatic commits, can be. */
const LONGEST_MS = 86_400_000;

const readOptions = ({ headers }: Call): InstanceOptions => {
  const read = <Result>(name: string, byDefault: Result, parse: (text: string) => Result): Result => {
    const value = headers[name];
    return typeof value === "string" ? parse(value.trim().toLowerCase()) : byDefault;
  };
  const oneOf =
    <Name extends string>(what: string, names: readonly Name[]) =>
    (text: string): Name => {
      const found = names.find((name) => name === text);
      if (found === undefined) throw unexpected(what, `one of ${names.join(", ")}`, text);
      return found;
    };
  return {
    autoCommit: read("kafka-enable-auto-commit", "true", oneOf("Kafka-Enable-Auto-Commit", ["true", "false"])) === "true",
    autoCommitIntervalMs: read("kafka-auto-commit-interval", 5000, (text) =>
      readIntegerText("Kafka-Auto-Commit-Interval", text, 1, LONGEST_MS),
    ),
    autoOffsetReset: read("kafka-auto-offset-reset", "latest", oneOf("Kafka-Auto-Offset-Reset", ["earliest", "latest", "none"])),
    sessionTimeoutMs: read("kafka-session-timeout-ms", 120_000, (text) => readIntegerText("Kafka-Session-Timeout-Ms", text, 1, LONGEST_MS)),
  };
};
