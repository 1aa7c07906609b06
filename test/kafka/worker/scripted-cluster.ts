import { type AddressInfo, createServer, type Socket } from "node:net";
import { Reader, readRecordsBatch } from "@platformatic/kafka";
import { onTestFinished } from "vitest";
import { openTcpSocket } from "../../../cli/doctor/tcp-socket.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from "../../../worker/producers/kafka/bytes.ts";
import { kafkaProducer, type KafkaProducerOptions } from "../../../worker/producers/kafka/kafka-producer.ts";

/** Records that a broker was sent, in one request. */
export type SentBatch = { readonly broker: number; readonly topic: string; readonly partition: number; readonly values: readonly string[] };

/** What a broker says of a batch. By default it stores it. */
export type BatchAnswer = {
  readonly errorCode?: number;
  readonly baseOffset?: number;
  readonly blamed?: readonly number[];
  readonly throttleMs?: number;
};

type Script = {
  /** The broker that leads each partition of each topic; -1: none. */
  readonly topics: Record<string, number[]>;
  /** How many brokers there are. */
  readonly brokers?: number;
  /** What a broker does with a request to produce: answer, say nothing for ever, or hang up. */
  onProduce?(batches: readonly SentBatch[]): BatchAnswer | "silence" | "hang-up" | Promise<BatchAnswer | "silence" | "hang-up">;
  /** What a broker answers to anything, in place of what Kafka would. */
  onRequest?(broker: number, api: number): Buffer | "silence" | "hang-up" | undefined;
  /** For how long a login holds, in milliseconds. */
  readonly loginMs?: number;
  /** Into how many bytes the answers are cut. */
  readonly chunkBytes?: number;
};

const API = { produce: 0, metadata: 3, saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const;

/** Brokers that speak as much of Kafka's protocol as a producer needs, and do what a test wants. */
export const startScriptedCluster = async (script: Script) => {
  const sent: SentBatch[] = [];
  const sockets = new Set<Socket>();
  const offsets = new Map<string, number>();
  const counts = { connections: 0, logins: 0, metadata: 0 };
  const addresses: { readonly host: string; readonly port: number }[] = [];

  const answerProduce = async (broker: number, request: ByteReader, answer: ByteWriter): Promise<"silence" | "hang-up" | undefined> => {
    request.text();
    request.int16();
    request.int32();
    const batches = request
      .array(() => {
        const topic = request.text() ?? "";
        return request.array((): SentBatch => ({ broker, topic, partition: request.int32(), values: valuesOf(request.bytes()) }));
      })
      .flat();
    sent.push(...batches);
    const said = (await script.onProduce?.(batches)) ?? {};
    if (said === "silence" || said === "hang-up") return said;
    const { errorCode = 0, baseOffset, blamed = [], throttleMs = 0 } = said;
    answer.int32(batches.length);
    for (const { topic, partition, values } of batches) {
      const name = `${topic}-${partition}`;
      const offset = offsets.get(name) ?? 0;
      if (errorCode === 0) offsets.set(name, offset + values.length);
      answer.text(topic);
      answer.int32(1);
      answer.int32(partition);
      answer.int16(errorCode);
      answer.int64(baseOffset ?? (errorCode === 0 ? offset : -1));
      answer.int64(-1);
      answer.int64(0);
      answer.int32(blamed.length);
      for (const index of blamed) {
        answer.int32(index);
        answer.text("is to blame");
      }
      answer.text(null);
    }
    answer.int32(throttleMs);
    return undefined;
  };

  const answerMetadata = (request: ByteReader, answer: ByteWriter): void => {
    counts.metadata++;
    const topics = request.array(() => request.text() ?? "");
    answer.int32(0);
    answer.int32(addresses.length);
    for (const [id, { host, port }] of addresses.entries()) {
      answer.int32(id);
      answer.text(host);
      answer.int32(port);
      answer.text(null);
    }
    answer.text("cluster");
    answer.int32(0);
    answer.int32(topics.length);
    for (const topic of topics) {
      const leaders = script.topics[topic];
      answer.int16(leaders === undefined ? 3 : 0);
      answer.text(topic);
      answer.int8(0);
      answer.int32(leaders?.length ?? 0);
      for (const [partition, leader] of (leaders ?? []).entries()) {
        answer.int16(leader < 0 ? 5 : 0);
        answer.int32(partition);
        answer.int32(leader);
        answer.int32(0);
        for (let list = 0; list < 3; list++) answer.int32(0);
      }
      answer.int32(-(2 ** 31));
    }
    answer.int32(-(2 ** 31));
  };

  const serve = async (broker: number, socket: Socket, frame: Buffer): Promise<void> => {
    const request = createByteReader(frame);
    const api = request.int16();
    request.int16();
    const id = request.int32();
    request.text();
    const instead = script.onRequest?.(broker, api);
    const answer = createByteWriter(100);
    answer.int32(0);
    answer.int32(id);
    let said = typeof instead === "string" ? instead : undefined;
    if (instead instanceof Buffer) return void socket.write(instead);
    if (said === undefined && api === API.produce) said = await answerProduce(broker, request, answer);
    if (api === API.metadata) answerMetadata(request, answer);
    if (api === API.saslHandshake) {
      answer.int16(0);
      answer.int32(0);
    }
    if (api === API.saslAuthenticate) {
      counts.logins++;
      answer.int16(0);
      answer.text(null);
      answer.int32(0);
      answer.int64(script.loginMs ?? 0);
    }
    if (api === API.apiVersions) {
      answer.int16(0);
      answer.int32(4);
      for (const [key, max] of [
        [API.produce, 8],
        [API.metadata, 8],
        [API.saslHandshake, 1],
        [API.saslAuthenticate, 1],
      ] as const) {
        answer.int16(key);
        answer.int16(0);
        answer.int16(max);
      }
    }
    if (said === "hang-up") socket.destroy();
    if (said !== undefined) return;
    answer.setInt32(0, answer.length - 4);
    const bytes = Buffer.from(answer.finish());
    const { chunkBytes = bytes.length } = script;
    for (let at = 0; at < bytes.length; at += chunkBytes) socket.write(bytes.subarray(at, at + chunkBytes));
  };

  const start = async (broker: number): Promise<void> => {
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      counts.connections++;
      let received = Buffer.alloc(0);
      // As Kafka does: the next request is read once the last one is answered.
      let serving = Promise.resolve();
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const frame = received.subarray(4, 4 + received.readInt32BE(0));
          received = received.subarray(4 + frame.length);
          serving = serving.then(() => serve(broker, socket, frame));
        }
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        counts.connections--;
        sockets.delete(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    addresses[broker] = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  };
  await Promise.all(Array.from({ length: script.brokers ?? 1 }, (_, broker) => start(broker)));

  return {
    /** host:port of the first broker, which names the others. */
    brokers: addresses.slice(0, 1).map(({ host, port }) => `${host}:${port}`),
    sent,
    counts,
    /** Ends every connection, as a broker does with those that were idle for long. */
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
};

const valuesOf = (batch: Uint8Array): readonly string[] =>
  readRecordsBatch(Reader.from(Buffer.from(batch))).records.map(({ value }) => String(value));

export type ScriptedCluster = Awaited<ReturnType<typeof startScriptedCluster>>;

/** A producer for a cluster. */
export const openProducer = ({ brokers }: Pick<ScriptedCluster, "brokers">, options: Partial<KafkaProducerOptions> = {}) =>
  kafkaProducer({ kafka: { brokers, clientId: "test", tls: false, sasl: undefined }, openSocket: openTcpSocket, ...options });

export const recordFor = (topic: string, value: string, key?: string): ProducerRecord => ({ topic, key, value, headers: [] });

/** All that was sent, in its order. */
export const valuesSentTo = ({ sent }: ScriptedCluster): readonly string[] => sent.flatMap(({ values }) => values);
