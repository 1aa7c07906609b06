import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { ConfigurationError, readEnvironment } from "../../environment/environment.ts";
import { integer } from "../../environment/variables.ts";
import { demandKafka, kafkaConnectionOf, kafkaVariables } from "../../kafka/config.ts";
import { temporaryFolder } from "../gateway/temporary-folder.ts";

const SCHEMA = z.object({ PORT: integer(1, 9).default(1), ...kafkaVariables });
const read = (variables: Record<string, string>) => kafkaConnectionOf(readEnvironment(SCHEMA, variables, demandKafka));

const problemsOf = (variables: Record<string, string>): readonly string[] => {
  try {
    read(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.toSorted();
    throw error;
  }
  return [];
};

const BROKERS = { KAFKA_BROKERS: "a:9092" };

test("needs nothing but brokers", () => {
  expect(read({ KAFKA_BROKERS: "a:9092, [::1]:9093" })).toEqual({
    brokers: ["a:9092", "[::1]:9093"],
    clientId: "rejoinder",
    tls: undefined,
    sasl: undefined,
  });
});

test("asks for nothing where Kafka is not used", () => {
  expect(readEnvironment(SCHEMA, {})).toMatchObject({ PORT: 1 });
});

test("reads the certificates to trust and how to log in", async () => {
  const file = join(await temporaryFolder(), "ca.pem");
  writeFileSync(file, "-----BEGIN CERTIFICATE-----\n");
  expect(problemsOf({ ...BROKERS, KAFKA_SSL_CA_FILE: file })).toEqual([expect.stringMatching(/^KAFKA_SSL is not set: Set it to 1/)]);
  const variables = { ...BROKERS, KAFKA_SSL: "1", KAFKA_SSL_CA_FILE: file, KAFKA_SASL_MECHANISM: "SCRAM-SHA-512" };
  expect(read({ ...variables, KAFKA_USERNAME: "u", KAFKA_PASSWORD: "p" })).toMatchObject({
    tls: { ca: "-----BEGIN CERTIFICATE-----\n" },
    sasl: { mechanism: "SCRAM-SHA-512", username: "u", password: "p" },
  });
  expect(read({ ...BROKERS, KAFKA_SASL_MECHANISM: "OAUTHBEARER", KAFKA_TOKEN_FILE: "/token" }).sasl).toEqual({
    mechanism: "OAUTHBEARER",
    tokenFile: "/token",
  });
});

test("tells of everything that is wrong at once, what variables demand of one another among it", () => {
  expect(problemsOf({ PORT: "x", KAFKA_SASL_MECHANISM: "PLAIN", KAFKA_SSL: "perhaps" })).toEqual([
    expect.stringMatching(/^KAFKA_BROKERS is not set: Set it to host:port/),
    expect.stringMatching(/^KAFKA_PASSWORD is not set: /),
    expect.stringMatching(/^KAFKA_SSL: Expected 1 or 0/),
    expect.stringMatching(/^KAFKA_USERNAME is not set: /),
    expect.stringMatching(/^PORT: Expected a whole number/),
  ]);
});

test.each([
  [{ KAFKA_BROKERS: "a" }, /^KAFKA_BROKERS: Expected host:port/],
  [{ KAFKA_BROKERS: "a:0" }, /^KAFKA_BROKERS: Expected host:port/],
  [{ KAFKA_BROKERS: "http://a:9092" }, /^KAFKA_BROKERS: Expected host:port/],
  [{ KAFKA_BROKERS: "," }, /^KAFKA_BROKERS: Expected host:port/],
  [{ ...BROKERS, KAFKA_SASL_MECHANISM: "plain", KAFKA_USERNAME: "u", KAFKA_PASSWORD: "p" }, /^KAFKA_SASL_MECHANISM: Expected PLAIN, /],
  [{ ...BROKERS, KAFKA_SASL_MECHANISM: "OAUTHBEARER" }, /^KAFKA_TOKEN_FILE is not set: Set it to a file/],
  [{ ...BROKERS, KAFKA_USERNAME: "u", KAFKA_PASSWORD: "p" }, /^KAFKA_SASL_MECHANISM is not set: Set it to the cluster's mechanism/],
  [{ ...BROKERS, KAFKA_SSL: "1", KAFKA_SSL_CA_FILE: "/nowhere.pem" }, /^KAFKA_SSL_CA_FILE: .*cannot be read \(ENOENT\)/],
  [{ ...BROKERS, KAFKA_SSL: "1", KAFKA_SSL_CA_FILE: "package.json" }, /^KAFKA_SSL_CA_FILE: .*there is none in it/],
  [{ ...BROKERS, KAFKA_CLIENT_ID: "a b" }, /^KAFKA_CLIENT_ID: Expected 1 to 200/],
])("refuses %j, and says what it expects", (variables, problem) => {
  expect(problemsOf(variables as Record<string, string>)).toEqual([expect.stringMatching(problem)]);
});
