import { defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";
import { expect, test } from "vitest";
import { readServeConfig } from "../../../cli/serve/config.ts";

const contract = defineContract({ greet: operation({ request: z.string(), reply: z.string(), topic: "greetings" }) });

const WORKER = { AUTH: "public", CORRELATION_SECRET: `1:${"x".repeat(32)}`, REPLY_SECRET: `whsec_${btoa("y".repeat(32))}` };
const GATEWAY = { GATEWAY_CREDENTIALS: "user:password" };
const PROXY = { UPSTASH_KAFKA_REST_URL: "http://gateway", UPSTASH_KAFKA_REST_USERNAME: "u", UPSTASH_KAFKA_REST_PASSWORD: "p" };
const CLUSTER = { KAFKA_BROKERS: "kafka-1:9092" };

const read = (...environments: readonly object[]) => readServeConfig(Object.assign({}, WORKER, ...environments), { contract });

test.each([
  ["a log in this process if nothing is named", [GATEWAY], "embedded"],
  ["the cluster that KAFKA_BROKERS names", [CLUSTER], "kafka"],
  ["the Kafka REST proxy that is named", [PROXY], "rest"],
  ["the cluster, also if a proxy is named", [CLUSTER, PROXY], "kafka"],
  ["what GATEWAY_ENGINE says, whatever else is named", [GATEWAY, CLUSTER, PROXY, { GATEWAY_ENGINE: "embedded" }], "embedded"],
  ["the cluster, if GATEWAY_ENGINE says so", [CLUSTER, PROXY, { GATEWAY_ENGINE: "kafka" }], "kafka"],
])("requests go to %s", (_, environments, kind) => {
  expect(read(...environments).requestLog.kind).toBe(kind);
});

test("it listens on this machine only, and keeps everything in the project, unless told otherwise", () => {
  expect(read(CLUSTER)).toMatchObject({ host: "127.0.0.1", port: 8787, directory: `${process.cwd()}/.rejoinder/mailbox` });
  expect(read(CLUSTER, { HOST: "0.0.0.0", PORT: "80", MAILBOX_DATA_DIR: "/data" })).toMatchObject({
    host: "0.0.0.0",
    port: 80,
    directory: "/data",
  });
});

test("the topics are those of the contract, unless others are named", () => {
  const topics = (environment: object) => {
    const { requestLog } = read(CLUSTER, environment);
    return requestLog.kind === "kafka" ? [...requestLog.topics.keys()] : [];
  };
  expect(topics({})).toEqual(["greetings", "greetings-dlt"]);
  expect(topics({ GATEWAY_TOPICS: "mine:1" })).toEqual(["mine"]);
});

test("everything that is wrong is said at once", () => {
  const problems = () => readServeConfig({ PORT: "http", LOG_LEVEL: "loud", MAILBOX_FSYNC: "never" }, { contract });
  for (const name of ["GATEWAY_CREDENTIALS", "CORRELATION_SECRET", "REPLY_SECRET", "AUTH", "PORT", "LOG_LEVEL", "MAILBOX_FSYNC"])
    expect(problems).toThrow(name);
  expect(() => read({ GATEWAY_ENGINE: "kafka" })).toThrow("KAFKA_BROKERS is not set");
  expect(() => read({ GATEWAY_ENGINE: "redis" })).toThrow("GATEWAY_ENGINE: Expected one of: embedded, kafka.");
});
