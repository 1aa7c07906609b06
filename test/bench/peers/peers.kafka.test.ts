import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { givenKafka } from "../../../bench/kafka/broker.ts";
import { startEdgePeer } from "../../../bench/peers/edge/peer.ts";
import { startNaivePeer } from "../../../bench/peers/naive/peer.ts";
import { createPollingCalls } from "../../../bench/peers/naive/polling.ts";
import { startRawRoundTrip } from "../../../bench/peers/raw/round-trip.ts";
import { RAW_TOPICS } from "../../../bench/peers/raw/topics.ts";
import { startSpringPeer } from "../../../bench/peers/spring/peer.ts";
import type { Calls } from "../../../bench/load.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

const PEERS = join(import.meta.dirname, "../../../bench/peers");

const post = (url: string, body: object) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const callOnce = async ({ open }: Calls): Promise<void> => {
  const { call, close } = await open();
  onTestFinished(close);
  await call();
};

kafkaSuite(
  "those that the path is measured beside",
  ({ brokers }) => {
    test("in Spring, a controller answers with the reply of a listener in another JVM", async () => {
      const spring = await startSpringPeer(givenKafka(brokers), 0);
      onTestFinished(() => spring.remove());
      expect(await (await post(`${spring.url}/sum`, { a: 2, b: 3 })).json()).toEqual({ sum: 5 });
      expect(await (await post(`${spring.url}/echo`, { text: "hello" })).json()).toEqual({ text: "hello" });
    });

    test("a caller of the naive Worker finds the reply by asking for it", async () => {
      const naive = await startNaivePeer(givenKafka(brokers), { withConsumer: true });
      onTestFinished(() => naive.remove());
      const headers = { "content-type": "application/json" };
      const request = { origin: naive.url, method: "POST", path: "/requests", headers, body: '{"a":2,"b":3}', status: 202 } as const;
      await callOnce(createPollingCalls(request, '{"sum":5}'));
    });

    test("a Worker alone answers with the sum", async () => {
      const edge = await startEdgePeer();
      onTestFinished(() => edge.remove());
      expect(await (await post(edge.url, { a: 2, b: 3 })).json()).toEqual({ sum: 5 });
    });

    test("a raw round trip is answered", async () => {
      const raw = await startRawRoundTrip(givenKafka(brokers));
      onTestFinished(() => raw.remove());
      await callOnce(raw.calls);
    });

    test.each([
      ["edge", "edge/starter.ts", []],
      ["naive", "naive/starter.ts", [JSON.stringify({ gatewayUrl: "http://127.0.0.1:1", authorization: "", topic: "none" })]],
      ["raw", "raw/responder.ts", brokers],
      ["spring", "spring/starter.ts", ["orphan-requests", "orphan-replies", "0", ...brokers]],
    ])("of %s nothing is left when the bench is gone", async (_, program, args) => {
      const connection = givenKafka(brokers);
      for (const topic of [...Object.values(RAW_TOPICS), "orphan-requests", "orphan-replies"]) await connection.createTopic(topic, 1);
      const peer = fork(join(PEERS, program), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      const ended = once(peer, "exit");
      await once(peer, "message");
      peer.disconnect();
      await ended;
    });
  },
  { needs: "clusters" },
);
