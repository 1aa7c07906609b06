import type { RecordMetadata } from "../../protocol/kafka-record.ts";
import { requireTopic } from "../credentials.ts";
import { type Call, LIMITS, type Route } from "./call.ts";
import { readTopic } from "./input.ts";
import { readRecords } from "./record-input.ts";

/**
 * `/produce/$TOPIC/$MESSAGE?key=` answers one object; `/produce/$TOPIC` and `/produce`, with one record or an array of them in the body,
 * answer an array in the order of the request, also for a single record.
 */
export const produceRoute: Route = {
  methods: ["GET", "POST"],
  scope: "produce",
  segments: [0, 2],
  async handle(call) {
    const [topicSegment, message] = call.path;
    const topic = topicSegment === undefined ? undefined : readTopic(topicSegment);
    if (topic !== undefined) requireTopic(call.credential, topic);
    const stored = await storeRecords(call, topic, message === undefined ? call.body : { value: message, key: call.query.get("key") });
    return { body: message === undefined ? stored : stored[0] };
  },
};

type StoreCall = Pick<Call, "engine" | "credential" | "metrics" | "now" | "bodyBytes">;

/**
 * Stores one record or an array of them, all or none.
 * @param topic undefined if each record names its own
 * @throws GatewayError
 */
export const storeRecords = async (call: StoreCall, topic: string | undefined, body: unknown): Promise<readonly RecordMetadata[]> => {
  const { engine, credential, metrics, now, bodyBytes } = call;
  const reading = readRecords(body, { topic, credential, now: now(), mayBeLarge: bodyBytes + LIMITS.headBytes > LIMITS.recordBytes });
  const records = reading.checked(await engine.provideTopics(reading.topics, reading.areRight));
  const stored = await engine.produce(records);
  metrics.produced(records);
  return stored;
};
