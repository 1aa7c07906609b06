import { mayTouch, mayTouchAll, requireTopic } from "../credentials.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Call, Route } from "./call.ts";
import { readIntegerText, readObjects, readPartition, readTopic } from "./input.ts";

/**
 * `/topics`: partition counts of the topics that the user may touch, by name. `/topics/$TOPIC`: one of them, with what decides how long its records are
 * kept.
 */
export const topicsRoute: Route = {
  methods: ["GET", "POST"],
  scope: undefined,
  segments: [0, 1],
  async handle({ engine, credential, path: [segment] }) {
    if (segment !== undefined) {
      const topic = readTopic(segment);
      requireTopic(credential, topic);
      const configs = await engine.configsOf(topic);
      return { body: { name: topic, partitions: (await engine.provideTopics(new Set([topic]), false)).get(topic), configs } };
    }
    return { body: Object.fromEntries([...(await engine.topics())].filter(([topic]) => mayTouch(credential, topic))) };
  },
};

/** `/offsets/$TIMESTAMP`: the first offsets no older than a time in ms, or `earliest`, or `latest`. */
export const offsetsRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [1, 1],
  async handle(call) {
    const partitions = readObjects("the body", call.body).map(readPartition);
    for (const { topic } of partitions) requireTopic(call.credential, topic);
    return { body: await call.engine.offsetsAt(readTime(call), partitions) };
  },
};

/** `/consumers`: the instances that live, with what they own of the topics that the user may touch. */
export const consumersRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [0, 0],
  async handle({ engine, credential }) {
    const visible = (await engine.consumers()).map(({ name, instances }) => ({
      name,
      instances: instances.filter(({ topics }) => topics.every(({ topic }) => mayTouch(credential, topic))),
    }));
    return { body: visible.filter(({ instances }) => instances.length > 0) };
  },
};

/** `/metrics`: for Prometheus, which has a user with the scope `monitor`. */
export const metricsRoute: Route = {
  methods: ["GET"],
  scope: "monitor",
  segments: [0, 0],
  async handle({ credential, engine, metrics }) {
    if (!mayTouchAll(credential))
      throw new GatewayError(403, `User ${JSON.stringify(credential.user)} may not see the metrics, which show all topics.`);
    const { contentType, text } = await metrics.read(engine);
    return { body: text, contentType };
  },
};

const readTime = ({ path: [time = ""] }: Call): number | "earliest" | "latest" =>
  time === "earliest" || time === "latest" ? time : readIntegerText("the time", time, 0, Number.MAX_SAFE_INTEGER);
