import { expect, test } from "vitest";
import { readConsumerConfig } from "../../consumer/config.ts";
import { ConfigurationError } from "../../environment/environment.ts";
import { contract } from "../project/app/contract.ts";
import { startProcess } from "../helpers/processes.ts";
import { REPLY_SECRET } from "./process.ts";

const complete = {
  UPSTASH_KAFKA_REST_URL: "http://127.0.0.1:8788/",
  UPSTASH_KAFKA_REST_USERNAME: "user",
  UPSTASH_KAFKA_REST_PASSWORD: "password",
  WORKER_URL: "https://rejoinder.example/",
  REPLY_SECRET,
};

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConsumerConfig(environment, contract);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
};

test("what is not set has a default, and the instance keeps its name over restarts", () => {
  const config = readConsumerConfig(complete, contract, "web 7.example");
  expect(config).toMatchObject({
    group: "rejoinder",
    instance: "web-7.example-1",
    concurrency: 64,
    workerUrl: "https://rejoinder.example",
  });
  expect(config.source).toEqual({ kind: "upstash", url: "http://127.0.0.1:8788", username: "user", password: "password" });
  expect(config.replyKeys[0]).toEqual(new Uint8Array(32).fill(7));
});

test("the source kafka needs a cluster and no gateway, and the other a gateway and no cluster", () => {
  const { WORKER_URL, REPLY_SECRET } = complete;
  const kafka = { SOURCE: "kafka", KAFKA_BROKERS: "one:9092,two:9092", WORKER_URL, REPLY_SECRET };
  expect(readConsumerConfig(kafka, contract).source).toMatchObject({ kind: "kafka", connection: { brokers: ["one:9092", "two:9092"] } });
  expect(problemsOf({ ...kafka, KAFKA_BROKERS: "", KAFKA_SASL_MECHANISM: "PLAIN", REPLY_SECRET: "" })).toEqual([
    expect.stringMatching(/^REPLY_SECRET is not set: /),
    expect.stringMatching(/^KAFKA_BROKERS is not set: .*host:port/),
    expect.stringMatching(/^KAFKA_USERNAME is not set: /),
    expect.stringMatching(/^KAFKA_PASSWORD is not set: /),
  ]);
  expect(problemsOf({ WORKER_URL, REPLY_SECRET })).toHaveLength(3);
  expect(problemsOf({ ...complete, KAFKA_USERNAME: "unused" })).toEqual([]);
  expect(problemsOf({ ...complete, SOURCE: "rabbit" })).toEqual([expect.stringMatching(/^SOURCE: /)]);
});

test("the replies of responders are read by a group of their own", () => {
  expect(readConsumerConfig(complete, contract).relayGroup).toBe("rejoinder-relay");
  expect(readConsumerConfig({ ...complete, CONSUMER_GROUP: "a" }, contract).relayGroup).toBe("a-relay");
  expect(readConsumerConfig({ ...complete, CONSUMER_RELAY_GROUP: "b" }, contract).relayGroup).toBe("b");
  const problem = expect.stringMatching(/^CONSUMER_RELAY_GROUP: Expected another group/);
  expect(problemsOf({ ...complete, CONSUMER_RELAY_GROUP: "rejoinder" })).toEqual([problem]);
  expect(problemsOf({ ...complete, CONSUMER_GROUP: "a", CONSUMER_RELAY_GROUP: "a" })).toEqual([problem]);
  expect(problemsOf({ ...complete, CONSUMER_GROUP: "a", CONSUMER_RELAY_GROUP: "a-retry" })).toEqual([problem]);
});

test("the group of policies is that of the requests with another end, unless it is named", () => {
  expect(readConsumerConfig({ ...complete, CONSUMER_GROUP: "a" }, contract).policyGroup).toBe("a-policies");
  expect(readConsumerConfig({ ...complete, CONSUMER_POLICY_GROUP: "b" }, contract).policyGroup).toBe("b");
  const problem = expect.stringMatching(/^CONSUMER_POLICY_GROUP: Expected another group/);
  for (const group of ["rejoinder", "rejoinder-retry", "rejoinder-relay"])
    expect(problemsOf({ ...complete, CONSUMER_POLICY_GROUP: group })).toEqual([problem]);
});

test("requesters on Kafka need the source kafka, operations that there are, and topics for replies", () => {
  const { WORKER_URL, REPLY_SECRET } = complete;
  const kafka = { SOURCE: "kafka", KAFKA_BROKERS: "one:9092", WORKER_URL, REPLY_SECRET };
  expect(readConsumerConfig(kafka, contract).requesters).toBeUndefined();
  const both = { SPRING_REQUEST_TOPICS: "sum.requests=sum, other=echo", REPLY_TOPICS: "sum.replies" };
  expect(readConsumerConfig({ ...kafka, ...both }, contract).requesters).toEqual({
    requestTopics: new Map([
      ["sum.requests", "sum"],
      ["other", "echo"],
    ]),
    replyTopics: new Set(["sum.replies"]),
  });
  const { SPRING_REQUEST_TOPICS } = both;
  expect(problemsOf({ ...kafka, SPRING_REQUEST_TOPICS })).toEqual([expect.stringMatching(/^REPLY_TOPICS is not set: /)]);
  expect(problemsOf({ ...complete, ...both })).toEqual([expect.stringMatching(/^SPRING_REQUEST_TOPICS: Expected SOURCE=kafka/)]);
  for (const wrong of ["sum.requests", "sum.requests=constructor", "a b=sum", "a=sum=b"])
    expect(problemsOf({ ...kafka, ...both, SPRING_REQUEST_TOPICS: wrong })).toEqual([expect.stringMatching(/^SPRING_REQUEST_TOPICS: /)]);
});

test("while the secret is rotated the first of the two signs", () => {
  const newer = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
  expect(readConsumerConfig({ ...complete, REPLY_SECRET: `${newer}, ${REPLY_SECRET}` }, contract).replyKeys[0]).toEqual(
    new Uint8Array(24).fill(9),
  );
});

test.each([
  ["REPLY_SECRET", "whsec_short"],
  ["REPLY_SECRET", `${REPLY_SECRET},${REPLY_SECRET},${REPLY_SECRET}`],
  ["REPLY_SECRET", ","],
  ["WORKER_URL", "ftp://rejoinder.example"],
  ["UPSTASH_KAFKA_REST_URL", "localhost"],
  ["CONSUMER_GROUP", "a/b"],
  ["CONSUMER_INSTANCE", "a b"],
  ["CONSUMER_CONCURRENCY", "0"],
  ["CONSUMER_CONCURRENCY", "many"],
  ["LOG_FORMAT", "xml"],
])("says what is wrong with %s=%s, without repeating it", (name, value) => {
  const problems = problemsOf({ ...complete, [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${name}: `));
  if (value.length > 5) expect(problems[0]).not.toContain(value);
});

test("the process lists all that is missing at once and ends with 1", async () => {
  const started = startProcess("consumer", { WORKER_URL: "nowhere" });
  await expect(started).rejects.toThrow("consumer ended with 1");
  await expect(started).rejects.toThrow(
    /5 problems:\n {2}- WORKER_URL: .*\n {2}- REPLY_SECRET is not set: .*openssl.*\n {2}- UPSTASH_KAFKA_REST_URL is not set: .*\n {2}- UPSTASH_KAFKA_REST_USERNAME .*\n {2}- UPSTASH_KAFKA_REST_PASSWORD .*/,
  );
});
