import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { readOtherProxy } from "../../../bench/kafka/other-proxy.ts";
import { ConfigurationError } from "../../../environment/environment.ts";
import { type KafkaRecord, type ProxyRequest, WIRES } from "../../helpers/kafka-rest-wires.ts";
import { serve } from "../../helpers/served.ts";

const BROKERS = { KAFKA_BROKERS: "localhost:9092" };
const STORED = { offsets: [{ partition: 0, offset: 7 }] };

/** A proxy that answers everything alike. */
const startProxy = async (kind: string, answer: unknown) => {
  const requests: ProxyRequest[] = [];
  const served = await serve(async (request, response) => {
    requests.push(toProxyRequest(request, await text(request)));
    response.end(JSON.stringify(answer));
  });
  onTestFinished(() => served.close());
  const variables = { ...BROKERS, KAFKA_REST_KIND: kind, KAFKA_REST_URL: `${served.url}/bridge`, KAFKA_REST_TOKEN: "secret" };
  const proxy = readOtherProxy(variables);
  if (proxy === undefined) throw new Error("Expected a proxy");
  return { proxy, requests, url: served.url };
};

const toProxyRequest = ({ method = "", url = "", headers }: IncomingMessage, body: string): ProxyRequest => ({
  method,
  path: url.replace("/bridge", ""),
  headers: headers as ProxyRequest["headers"],
  body,
});

/** As Kafka would get them. */
const recordsOf = (kind: string, { headers = {}, path, body = "" }: Posted): readonly KafkaRecord[] => {
  const wire = WIRES[kind];
  expect(headers["content-type"]).toBe(wire?.contentType);
  return wire?.read({ method: "POST", path: path.replace("/bridge", ""), headers, body }) ?? [];
};

type Posted = { readonly path: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

test("where no other proxy is named, none is measured", () => {
  expect(readOtherProxy({ ...BROKERS, KAFKA_REST_KIND: "strimzi" })).toBeUndefined();
});

test.each([
  ["without the cluster that it is before", { KAFKA_REST_KIND: "strimzi", KAFKA_REST_URL: "http://localhost" }, "KAFKA_BROKERS"],
  ["of no kind", { ...BROKERS, KAFKA_REST_URL: "http://localhost" }, "KAFKA_REST_KIND"],
  ["of a kind that is not measured", { ...BROKERS, KAFKA_REST_KIND: "confluent", KAFKA_REST_URL: "http://localhost" }, "KAFKA_REST_KIND"],
  ["at what is no URL", { ...BROKERS, KAFKA_REST_KIND: "strimzi", KAFKA_REST_URL: "localhost" }, "KAFKA_REST_URL"],
])("a proxy %s is not taken, and the error names the variable", (_, variables, name) => {
  expect(() => readOtherProxy(variables)).toThrow(ConfigurationError);
  expect(() => readOtherProxy(variables)).toThrow(name);
});

test.each(["strimzi", "rest-v2"])(
  "a proxy of the kind %s is posted to as the Worker posts, at the path where it is, by who may",
  async (kind) => {
    const { proxy, requests, url } = await startProxy(kind, STORED);
    await proxy.expectToStore("payments");
    expect(proxy.name).toBe(`${kind} at ${url}/bridge`);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers["authorization"]).toBe("Bearer secret");
    const [record] = recordsOf(kind, requests[0] as Posted);
    expect(record).toMatchObject({ topic: "payments", key: null });
  },
);

test.each(["strimzi", "rest-v2"])("the posts of %s have as many records as they are to have, each of another request", async (kind) => {
  const { proxy, url } = await startProxy(kind, STORED);
  const work = proxy.posts("payments", 100);
  const posts = [work.next(), work.next()].flat();
  const records = posts.flatMap((post) => recordsOf(kind, post));
  expect(work.origin).toBe(url);
  expect(posts.map(({ path }) => path)).toEqual(["/bridge/topics/payments", "/bridge/topics/payments"]);
  expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(200);
});

test("a proxy that answers 200 and has stored nothing is not measured", async () => {
  const { proxy } = await startProxy("strimzi", { offsets: [{ error_code: 404, message: "no such topic" }] });
  await expect(proxy.expectToStore("payments")).rejects.toThrow("no such topic");
});

test("a proxy that does not answer is told as a variable that is wrong", async () => {
  const proxy = readOtherProxy({ ...BROKERS, KAFKA_REST_KIND: "strimzi", KAFKA_REST_URL: "http://127.0.0.1:1" });
  await expect(proxy?.expectToStore("payments")).rejects.toThrow(ConfigurationError);
  await expect(proxy?.expectToStore("payments")).rejects.toThrow(
    "KAFKA_REST_URL: Expected strimzi at http://127.0.0.1:1 to store a record in payments: ",
  );
});
