import { requireTopic } from "../credentials.ts";
import type { Answer, Call, Route } from "./call.ts";
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
    const stored = await store(call, topic, message === undefined ? call.body : { value: message, key: call.query.get("key") });
    return { body: message === undefined ? stored : stored[0] } satisfies Answer;
  },
};

const store = async ({ engine, credential }: Call, topic: string | undefined, body: unknown) =>
  engine.produce(readRecords(body, { topic, credential, topics: await engine.topics() }));
