import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { LogError } from "../../../worker/dead-letters/log.ts";
import { restLog } from "../../../worker/dead-letters/rest-log.ts";
import { type GatewayUnderTest, gatewayUnderTest, type UnderTestOptions } from "../../gateway/gateway-under-test.ts";
import { describeLog } from "./log-contract.ts";

const TOPIC = "requests-dlt";

const open = async (options: UnderTestOptions = {}): Promise<GatewayUnderTest> =>
  await gatewayUnderTest({ topics: { [TOPIC]: 2 }, ...options });

describeLog("through a gateway with a log of its own", async () => {
  const gateway = await open();
  const log = restLog({ url: gateway.url, username: "full", password: "pw" });
  return {
    log,
    topic: TOPIC,
    produce: (partition, values, timestamp) =>
      gateway.call("/produce", { body: values.map((value) => ({ topic: TOPIC, partition, value, timestamp })) }),
  };
});

const failureOf = async (promise: Promise<unknown>): Promise<LogError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LogError);
  return error as LogError;
};

test("a wrong password is named, and the gateway that nobody has started", async () => {
  const gateway = await open();
  const refused = await failureOf(restLog({ url: gateway.url, username: "full", password: "wrong" }).ranges([TOPIC]));
  expect([refused.retryable, refused.message]).toEqual([false, expect.stringMatching(/answered 401.*\nCheck UPSTASH_KAFKA_REST_USERNAME/)]);
  await gateway.stop();
  const away = await failureOf(restLog({ url: gateway.url, username: "full", password: "pw" }).ranges([TOPIC]));
  expect([away.retryable, away.message]).toEqual([true, expect.stringContaining(`No Kafka REST proxy answers at ${gateway.url} (ECONN`)]);
});

test("a user who may not consume learns what is missing", async () => {
  const gateway = await open({ credentials: ["writer:pw:produce"] });
  const { message } = await failureOf(restLog({ url: gateway.url, username: "writer", password: "pw" }).ranges([TOPIC]));
  expect(message).toContain("needs the scope full, or consume to look alone");
});

test("something else at that address is no proxy", async () => {
  const server = createServer((_, response) => response.end("<html>")).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const { message } = await failureOf(restLog({ url: `http://127.0.0.1:${port}`, username: "full", password: "pw" }).ranges([TOPIC]));
  expect(message).toContain("Check that UPSTASH_KAFKA_REST_URL is the URL of a Kafka REST proxy.");
});
