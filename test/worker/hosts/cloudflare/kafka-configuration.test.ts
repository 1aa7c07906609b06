import { expect, test } from "vitest";
import { host } from "./test-host.ts";

const kafkaProblems = (variables: Record<string, string>): Promise<readonly string[]> =>
  host.problemsOf({ variables: { UPSTASH_KAFKA_REST_URL: "not a url", KAFKA_BROKERS: "kafka.example:9092", ...variables } });

test("with KAFKA_BROKERS a Worker needs no proxy, and ignores the variables of one", async () => {
  expect(await kafkaProblems({})).toEqual([]);
  expect(await kafkaProblems({ KAFKA_REST_KIND: "strimzi" })).toEqual([]);
  const login = { KAFKA_SSL: "1", KAFKA_SASL_MECHANISM: "SCRAM-SHA-512", KAFKA_USERNAME: "u", KAFKA_PASSWORD: "p" };
  expect(await kafkaProblems(login)).toEqual([]);
});

test("a Worker names what is wrong with how it reaches Kafka, and refuses what its runtime would ignore", async () => {
  expect(await kafkaProblems({ KAFKA_BROKERS: "kafka.example" })).toEqual(["KAFKA_BROKERS: Expected host:port, comma-separated."]);
  expect(await kafkaProblems({ KAFKA_SASL_MECHANISM: "PLAIN" })).toEqual([
    expect.stringMatching(/^KAFKA_USERNAME is not set: /),
    expect.stringMatching(/^KAFKA_PASSWORD is not set: /),
  ]);
  expect(await kafkaProblems({ KAFKA_USERNAME: "u", KAFKA_PASSWORD: "p" })).toEqual([
    expect.stringMatching(/^KAFKA_SASL_MECHANISM is not set: /),
  ]);
  expect(await kafkaProblems({ KAFKA_SSL: "1", KAFKA_SSL_CA_FILE: "/ca.pem" })).toEqual([
    expect.stringMatching(/^KAFKA_SSL_CA_FILE: Expected none: a Worker has no files, and trusts public authorities only\./),
  ]);
  expect(await kafkaProblems({ KAFKA_SASL_MECHANISM: "OAUTHBEARER", KAFKA_TOKEN_FILE: "/token" })).toEqual([
    expect.stringMatching(/^KAFKA_SASL_MECHANISM: Expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512: OAUTHBEARER needs a file/),
    expect.stringMatching(/^KAFKA_TOKEN_FILE: Expected none/),
  ]);
});

test("only a Worker with a mailbox can produce to Kafka itself", async () => {
  expect(await kafkaProblems({ REPLY_STORE: "kv" })).toEqual([
    expect.stringMatching(/^KAFKA_BROKERS: Expected none with REPLY_STORE=kv: only a mailbox can hold connections/),
  ]);
});
