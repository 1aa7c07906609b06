import { expect, test } from "vitest";
import { openTcpSocket } from "../../../cli/doctor/tcp-socket.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { freePort } from "../../helpers/processes.ts";
import { until } from "../../helpers/stack.ts";
import { openProducer as open, recordFor, startScriptedCluster, valuesSentTo as valuesOf } from "./scripted-cluster.ts";

const record = (value: string, key?: string) => recordFor("requests", value, key);
const inMs = (ms: number) => Date.now() + ms;

/** Counts connections as the runtime does, from their opening to their end. */
const countSockets = () => {
  let now = 0;
  let most = 0;
  const openSocket: typeof openTcpSocket = (...args) => {
    const socket = openTcpSocket(...args);
    most = Math.max(most, ++now);
    let isOpen = true;
    return {
      ...socket,
      close() {
        if (isOpen) now--;
        isOpen = false;
        return socket.close();
      },
    };
  };
  return { openSocket, most: () => most };
};

test("answers that come byte by byte are read as those that come at once", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, chunkBytes: 1 });
  const outcomes = await open(cluster).produce([record("a"), record("b")], inMs(5_000));
  expect(outcomes).toMatchObject([{ metadata: { offset: 0 } }, { metadata: { offset: 1 } }]);
});

test("a broker that takes the connection and never answers is told as that, and nothing is said to be unknown", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, onRequest: () => "silence" });
  expect(await open(cluster).produce([record("a")], inMs(6_000))).toMatchObject([
    { outcome: "unavailable", detail: expect.stringMatching(/did not answer.*KAFKA_SSL/) },
  ]);
  expect(await open(cluster).produce([record("a")], inMs(100))).toMatchObject([{ outcome: "unavailable" }]);
});

test.each([
  ["a web server", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), /not Kafka/],
  ["an answer of gigabytes", Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]), /not Kafka/],
  ["a negative size", Buffer.from([0xff, 0xff, 0xff, 0xff]), /not Kafka/],
  ["an answer to another request", Buffer.from([0, 0, 0, 4, 9, 9, 9, 9]), /not Kafka/],
  ["an alert of TLS", Buffer.from([21, 3, 3, 0, 2, 2, 80]), /Set KAFKA_SSL to 1/],
  ["a list without its elements", Buffer.from([0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff]), /lost|read/],
])("%s in place of Kafka is told as what it is", async (_, bytes, detail) => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, onRequest: () => bytes });
  const outcomes = await open(cluster).produce([record("a")], inMs(5_000));
  expect(outcomes).toMatchObject([{ outcome: expect.stringMatching(/rejected|unavailable/), detail: expect.stringMatching(detail) }]);
});

test("an answer to records that cannot be read makes them unknown", async () => {
  const cluster = await startScriptedCluster({
    topics: { requests: [0] },
    onRequest: (_, api) => (api === 0 ? Buffer.from([0, 0, 0, 6, 0, 0, 0, 3, 0, 0]) : undefined),
  });
  expect(await open(cluster).produce([record("a")], inMs(5_000))).toMatchObject([{ outcome: "unknown" }]);
  expect(valuesOf(cluster)).toEqual([]);
});

test("nobody there is told at once, with what to check", async () => {
  const brokers = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  expect(await open({ brokers }).produce([record("a")], inMs(60_000))).toMatchObject([
    { outcome: "unavailable", detail: expect.stringMatching(/no connection.*Check KAFKA_BROKERS/) },
  ]);
});

test("a connection that was closed while it was idle is opened again, and loses nothing", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] } });
  const producer = open(cluster);
  for (const value of ["a", "b", "c"]) {
    expect(await producer.produce([record(value)], inMs(5_000))).toMatchObject([{ outcome: "stored" }]);
    cluster.hangUp();
    await until(async () => cluster.counts.connections === 0);
  }
  expect(valuesOf(cluster)).toEqual(["a", "b", "c"]);
});

test("a connection that nobody uses for a while is closed, so that the object that holds it may sleep", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] } });
  const time = createManualTime(Date.now());
  const producer = open(cluster, { time });
  await producer.produce([record("a")], time.now() + 5_000);
  await time.elapse(29_000);
  expect(cluster.counts.connections).toBe(1);
  await time.elapse(31_000);
  await until(async () => cluster.counts.connections === 0);
  expect(time.timers()).toBe(0);
  expect(await producer.produce([record("b")], time.now() + 5_000)).toMatchObject([{ outcome: "stored" }]);
});

test("before a login ends another connection takes over", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, loginMs: 10_000 });
  const time = createManualTime(Date.now());
  const sasl = { mechanism: "PLAIN", username: "user", password: "password" } as const;
  const producer = open(cluster, { time, kafka: { brokers: cluster.brokers, clientId: "test", tls: false, sasl } });
  for (const [elapsedMs, logins] of [
    [0, 1],
    [7_000, 1],
    [2_000, 2],
  ] as const) {
    await time.elapse(elapsedMs);
    expect(await producer.produce([record("a")], time.now() + 5_000)).toMatchObject([{ outcome: "stored" }]);
    expect(cluster.counts.logins).toBe(logins);
  }
});

test("at most four brokers are connected at once, and each record reaches its leader all the same", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0, 1, 2, 3, 4, 5, 6] }, brokers: 7 });
  const sockets = countSockets();
  const producer = open(cluster, sockets);
  const records = Array.from({ length: 70 }, (_, index) => record(String(index), String(index)));
  const outcomes = await Promise.all(records.map((one) => producer.produce([one], inMs(10_000))));
  expect(outcomes.flat().map(({ outcome }) => outcome)).toEqual(records.map(() => "stored"));
  expect(new Set(cluster.sent.map(({ broker }) => broker)).size).toBe(7);
  expect(sockets.most()).toBe(4);
  expect(valuesOf(cluster).toSorted()).toEqual(records.map(({ value }) => value).toSorted());
});

test("records without a key keep to the brokers that are connected", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0, 1, 2, 3, 4, 5, 6] }, brokers: 7 });
  const sockets = countSockets();
  const producer = open(cluster, sockets);
  for (let index = 0; index < 40; index++) await producer.produce([record(String(index))], inMs(5_000));
  expect(new Set(cluster.sent.map(({ broker }) => broker)).size).toBeLessThanOrEqual(4);
  expect(sockets.most()).toBeLessThanOrEqual(4);
});

test("a broker that holds the producer back gets nothing until it is over, and the caller is told why it waits", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, onProduce: () => ({ throttleMs: 400 }) });
  const producer = open(cluster);
  await producer.produce([record("a")], inMs(5_000));
  expect(await producer.produce([record("b")], inMs(100))).toMatchObject([
    { outcome: "unavailable", detail: expect.stringMatching(/quota/) },
  ]);
  expect(valuesOf(cluster)).toEqual(["a"]);
  expect(await producer.produce([record("c")], inMs(5_000))).toMatchObject([{ outcome: "stored" }]);
  expect(valuesOf(cluster)).toEqual(["a", "c"]);
});
