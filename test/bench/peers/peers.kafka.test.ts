import { expect, onTestFinished, test } from "vitest";
import { givenKafka } from "../../../bench/kafka/broker.ts";
import { startEdgePeer } from "../../../bench/peers/edge/peer.ts";
import { startNaivePeer } from "../../../bench/peers/naive/peer.ts";
import { createPollingCalls } from "../../../bench/peers/naive/polling.ts";
import { startRawRoundTrip } from "../../../bench/peers/raw/round-trip.ts";
import { startSpringPeer } from "../../../bench/peers/spring/peer.ts";
import type { Calls } from "../../../bench/load.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

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
  },
  { needs: "clusters" },
);
