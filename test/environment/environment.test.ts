import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigurationError, readEnvironment, readTogether } from "../../environment/environment.ts";
import { commaList, httpUrl, integer, kafkaRestVariables } from "../../environment/variables.ts";

const schema = z.object({
  ...kafkaRestVariables,
  PORT: integer(1, 65_535).default(8_787),
  TOPICS: commaList().default([]),
  WORKER_URL: httpUrl().optional(),
});
const valid = { UPSTASH_KAFKA_REST_URL: "http://127.0.0.1:8788/", UPSTASH_KAFKA_REST_USERNAME: "u", UPSTASH_KAFKA_REST_PASSWORD: "p" };

const problemsOf = (environment: Record<string, unknown>): readonly string[] => {
  try {
    readEnvironment(schema, environment);
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems;
  }
};

test("variables are read, defaults filled in, and empty ones count as unset", () => {
  expect(readEnvironment(schema, { ...valid, PORT: "", TOPICS: " a, b ,,", OTHER: "x" })).toEqual({
    ...valid,
    UPSTASH_KAFKA_REST_URL: "http://127.0.0.1:8788",
    PORT: 8_787,
    TOPICS: ["a", "b"],
  });
});

test("all problems are named at once, with what to do, and without any value", () => {
  const problems = problemsOf({ UPSTASH_KAFKA_REST_URL: "ftp://secret", PORT: "70000", WORKER_URL: "secret" });
  expect(problems).toEqual([
    "UPSTASH_KAFKA_REST_URL: Expected a URL that starts with http:// or https://.",
    "UPSTASH_KAFKA_REST_USERNAME is not set: Set it to a user of GATEWAY_CREDENTIALS.",
    "UPSTASH_KAFKA_REST_PASSWORD is not set: Set it to that user's password of GATEWAY_CREDENTIALS.",
    "PORT: Expected a whole number from 1 to 65535.",
    "WORKER_URL: Expected a URL that starts with http:// or https://.",
  ]);
});

test.each(["x", "1.5", "-1", "0", "65536", "99999999999999999"])("a port of %s is refused", (port) => {
  expect(problemsOf({ ...valid, PORT: port })).toEqual(["PORT: Expected a whole number from 1 to 65535."]);
});

test("what was read cannot be changed", () => {
  expect(Object.isFrozen(readEnvironment(schema, valid))).toBe(true);
});

test("parts that are read by readers of their own tell their problems together", () => {
  const readUrl = (environment: Record<string, unknown>) => readEnvironment(z.object({ A_URL: httpUrl() }), environment);
  const readPort = (environment: Record<string, unknown>) => readEnvironment(z.object({ A_PORT: integer(1, 9) }), environment);
  const read = (environment: Record<string, unknown>) =>
    readTogether(
      () => readUrl(environment),
      () => readPort(environment),
    );
  expect(read({ A_URL: "http://a.example", A_PORT: "1" })).toEqual([{ A_URL: "http://a.example" }, { A_PORT: 1 }]);
  expect(() => read({ A_URL: "x", A_PORT: "x" })).toThrow(/2 problems:\n {2}- A_URL: .*\n {2}- A_PORT: /);
});
