import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { givenCluster } from "../../../bench/kafka/cluster.ts";
import { startRawRoundTrip } from "../../../bench/peers/raw.ts";
import { startSpringPeer } from "../../../bench/peers/spring/peer.ts";
import { startEdgePeer } from "../../../bench/workerd.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

const BENCH = join(import.meta.dirname, "../../../bench");

const post = (url: string, body: object) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

kafkaSuite(
  "those that the path is measured beside",
  ({ brokers }) => {
    test("in Spring, a controller answers with the reply of a listener in another JVM", async () => {
      await using spring = await startSpringPeer(givenCluster(brokers), 0);
      expect(await (await post(`${spring.url}/sum`, { a: 2, b: 3 })).json()).toEqual({ sum: 5 });
    });

    test("a Worker alone answers with the sum", async () => {
      await using edge = await startEdgePeer();
      expect(await (await post(edge.url, { a: 2, b: 3 })).json()).toEqual({ sum: 5 });
    });

    test("a raw round trip is answered", async () => {
      await using raw = await startRawRoundTrip(givenCluster(brokers));
      await using caller = await raw.calls.open();
      await caller.call();
    });

    test.each([
      ["edge", "workerd.ts", ["edge"]],
      ["raw", "peers/raw.ts", brokers],
      ["spring", "peers/spring/peer.ts", ["orphan-requests", "orphan-replies", "0", ...brokers]],
    ])("of %s nothing is left when the bench is gone", async (_, program, args) => {
      for (const topic of ["raw-requests", "orphan-requests", "orphan-replies"]) await givenCluster(brokers).createTopic(topic, 1);
      const peer = fork(join(BENCH, program), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      const ended = once(peer, "exit");
      await once(peer, "message");
      peer.disconnect();
      await ended;
    });
  },
  { needs: "clusters" },
);
