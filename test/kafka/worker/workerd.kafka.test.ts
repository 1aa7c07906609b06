import type { Readable } from "node:stream";
import { stop as stopEsbuild } from "esbuild";
import { Miniflare, NoOpLog } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForWorkerd } from "../../../cli/worker/bundle.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { ProduceOutcome } from "../../../worker/producer.ts";
import type { KafkaConnection } from "../../../worker/producers/kafka/broker.ts";
import { until } from "../../helpers/stack.ts";
import { ROOT } from "../../../tools/root.ts";
import { readRecords } from "../broker/round-trip.ts";
import { kafkaSuite } from "../broker/suite.ts";
import { createTopic } from "../broker/topics.ts";
import { certificateOf } from "../connections.ts";
import { startScriptedCluster } from "./scripted-cluster.ts";

/** A Durable Object that holds a producer for each connection, as the mailbox holds one. */
const SOURCE = `
  import { DurableObject } from "cloudflare:workers";
  import { connect } from "cloudflare:sockets";
  import { kafkaProducer } from "./worker/producers/kafka/kafka-producer.ts";
  export class Holder extends DurableObject {
    producers = new Map();
    call(kafka, method, argument, timeoutMs) {
      const name = JSON.stringify(kafka);
      const producer = this.producers.get(name) ?? kafkaProducer({ kafka, openSocket: connect });
      this.producers.set(name, producer);
      return producer[method](argument, Date.now() + timeoutMs);
    }
  }
  export default {
    async fetch(request, env) {
      const stub = env.HOLDER.get(env.HOLDER.idFromName("holder"));
      return Response.json(await stub.call(...(await request.json())));
    },
  };`;

/** @param authorities that workerd trusts beside the public ones, in PEM */
const startWorkerd = async (authorities: readonly string[] = []) => {
  const contents = await bundleForWorkerd({ resolveDir: ROOT, contents: SOURCE });
  await stopEsbuild();
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    cf: false,
    compatibilityDate: "2026-08-06",
    modules: [{ type: "ESModule", path: "worker.js", contents }],
    durableObjects: { HOLDER: "Holder" },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    // It writes why a connection failed, for whoever runs it.
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => void [stdout, stderr].map((stream) => stream.resume()),
    outboundService: {
      network: { allow: ["public", "private"], tlsOptions: { trustBrowserCas: true, trustedCertificates: [...authorities] } },
    },
  });
  await miniflare.ready;
  const { origin } = await miniflare.unsafeGetDirectURL();
  const call = async (
    kafka: Partial<KafkaConnection>,
    method: "produce" | "check",
    argument: unknown,
    timeoutMs: number,
  ): Promise<unknown> => {
    const body = JSON.stringify([{ clientId: "test", tls: false, ...kafka }, method, argument, timeoutMs]);
    return await (await fetch(origin, { method: "POST", body })).json();
  };
  return {
    produce: (kafka: Partial<KafkaConnection>, records: readonly ProducerRecord[], timeoutMs = 5_000) =>
      call(kafka, "produce", records, timeoutMs) as Promise<ProduceOutcome[]>,
    check: (kafka: Partial<KafkaConnection>, topics: readonly string[]) => call(kafka, "check", topics, 5_000) as Promise<string[]>,
    stop: () => miniflare.dispose(),
  };
};

type Workerd = Awaited<ReturnType<typeof startWorkerd>>;

const record = (topic: string, value: string, key?: string): ProducerRecord => ({
  topic,
  ...(key === undefined ? {} : { key }),
  value,
  headers: [],
});

kafkaSuite(
  "the Worker's producer in workerd",
  ({ brokers, saslBrokers, tlsBrokers }) => {
    let workerd: Workerd;
    beforeAll(async () => {
      workerd = await startWorkerd();
    });
    afterAll(() => workerd.stop());

    test("requests that come at once share the connections of an object, and each is stored once", async () => {
      const topic = await createTopic(brokers, "workerd", 6);
      const values = Array.from({ length: 200 }, (_, index) => String(index));
      const outcomes = await Promise.all(
        values.map((value, index) =>
          workerd.produce({ brokers }, [record(topic, value, index % 2 === 0 ? undefined : `key ${index % 5}`)]),
        ),
      );
      expect(outcomes.flat().map(({ outcome }) => outcome)).toEqual(values.map(() => "stored"));
      const stored = (await readRecords(brokers, topic, values.length)).map(({ value }) => String(value));
      expect(stored.toSorted()).toEqual(values.toSorted());
      expect(await workerd.check({ brokers }, [topic, "nope"])).toEqual([expect.stringMatching(/^Topic nope does not exist/)]);
    });

    test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("logs in by %s, and tells of a wrong password", async (mechanism) => {
      const topic = await createTopic(brokers, "workerd-sasl", 1);
      const login = (password: string) => ({ brokers: saslBrokers, sasl: { mechanism, username: "admin", password } });
      expect(await workerd.produce(login("admin-secret"), [record(topic, "a")])).toMatchObject([{ outcome: "stored" }]);
      expect(await workerd.produce(login("wrong"), [record(topic, "a")])).toMatchObject([
        { outcome: "rejected", detail: expect.stringMatching(/refused the login/) },
      ]);
    });

    test("nobody there, and a certificate that nobody vouches for, are told with what to check", async () => {
      expect(await workerd.produce({ brokers: ["127.0.0.1:1"] }, [record("any", "a")])).toMatchObject([
        { outcome: "unavailable", detail: expect.stringMatching(/no connection.*KAFKA_BROKERS/) },
      ]);
      expect(await workerd.produce({ brokers: tlsBrokers, tls: true }, [record("any", "a")])).toMatchObject([
        { outcome: "unavailable", detail: expect.stringMatching(/certificate is for their host.*authority/) },
      ]);
      expect(await workerd.produce({ brokers: tlsBrokers }, [record("any", "a")])).toMatchObject([
        { outcome: "rejected", detail: expect.stringMatching(/Set KAFKA_SSL to 1/) },
      ]);
    });

    test("a certificate of an authority that the runtime trusts is taken", async () => {
      const trusting = await startWorkerd([await certificateOf(tlsBrokers[0] as string)]);
      try {
        const topic = await createTopic(brokers, "workerd-tls", 1);
        expect(await trusting.produce({ brokers: tlsBrokers, tls: true }, [record(topic, "a")])).toMatchObject([{ outcome: "stored" }]);
      } finally {
        await trusting.stop();
      }
    });

    describe("with brokers that do as the test says", () => {
      test("a connection that was closed between two calls is opened again, and loses nothing", async () => {
        const cluster = await startScriptedCluster({ topics: { requests: [0] } });
        for (const value of ["a", "b", "c"]) {
          expect(await workerd.produce(cluster, [record("requests", value)])).toMatchObject([{ outcome: "stored" }]);
          cluster.hangUp();
          await until(async () => cluster.counts.connections === 0);
        }
        expect(cluster.sent.flatMap(({ values }) => values)).toEqual(["a", "b", "c"]);
      });

      test("what is under way when a connection is lost is unknown, and never sent again", async () => {
        const cluster = await startScriptedCluster({ topics: { requests: [0] }, onProduce: () => "hang-up" });
        expect(await workerd.produce(cluster, [record("requests", "a")])).toMatchObject([{ outcome: "unknown" }]);
        expect(cluster.sent.flatMap(({ values }) => values)).toEqual(["a"]);
      });

      test("seven leaders are reached over four connections", async () => {
        const cluster = await startScriptedCluster({ topics: { requests: [0, 1, 2, 3, 4, 5, 6] }, brokers: 7 });
        const records = Array.from({ length: 70 }, (_, index) => record("requests", String(index), String(index)));
        const outcomes = await Promise.all(records.map((one) => workerd.produce(cluster, [one])));
        expect(outcomes.flat().map(({ outcome }) => outcome)).toEqual(records.map(() => "stored"));
        expect(new Set(cluster.sent.map(({ broker }) => broker)).size).toBe(7);
      });

      test("a broker that never answers is given up at the deadline", async () => {
        const cluster = await startScriptedCluster({ topics: { requests: [0] }, onProduce: () => "silence" });
        expect(await workerd.produce(cluster, [record("requests", "a")], 300)).toMatchObject([{ outcome: "unknown" }]);
      });
    });
  },
  { needs: "listeners" },
);
