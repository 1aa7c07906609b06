import { expect, test } from "vitest";
import { readDeadLettersConfig } from "../../../cli/dead-letters/config.ts";
import { ConfigurationError } from "../../../environment/environment.ts";
import { contract } from "../../project/app/contract.ts";

const REST = { UPSTASH_KAFKA_REST_URL: "http://127.0.0.1:8788/", UPSTASH_KAFKA_REST_USERNAME: "user", UPSTASH_KAFKA_REST_PASSWORD: "pw" };

const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

test("the dead letters of a project are read where its consumer reads", () => {
  expect(readDeadLettersConfig(REST, contract)).toEqual({
    log: { kind: "rest", url: "http://127.0.0.1:8788", username: "user", password: "pw" },
    topics: expect.arrayContaining(["requests-dlt"]),
  });
  expect(readDeadLettersConfig({ SOURCE: "kafka", KAFKA_BROKERS: "kafka-1:9092" }, undefined)).toMatchObject({
    log: { kind: "kafka", connection: { brokers: ["kafka-1:9092"] } },
    topics: [],
  });
});

test("those of requesters' topics belong to them", () => {
  const { topics } = readDeadLettersConfig({ ...REST, SPRING_REQUEST_TOPICS: "sum.requests=sum, other=echo" }, undefined);
  expect(topics).toEqual(["sum.requests-dlt", "other-dlt"]);
});

test("what is missing is named at once", () => {
  expect(problemsOf(() => readDeadLettersConfig({}, contract))).toEqual([
    expect.stringMatching(/^UPSTASH_KAFKA_REST_URL is not set: /),
    expect.stringMatching(/^UPSTASH_KAFKA_REST_USERNAME is not set: /),
    expect.stringMatching(/^UPSTASH_KAFKA_REST_PASSWORD is not set: /),
  ]);
  expect(problemsOf(() => readDeadLettersConfig({ SOURCE: "kafka" }, contract))).toEqual([
    expect.stringMatching(/^KAFKA_BROKERS is not set: /),
  ]);
});
