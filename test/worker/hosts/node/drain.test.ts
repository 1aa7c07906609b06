import { expect, test } from "vitest";
import type { ProduceOutcome } from "../../../../worker/producer.ts";
import { WebSocket } from "ws";
import { handshakeHeaders } from "../../support/links.ts";
import { metricOf, newFolder, openHost, postSum, storingProducer } from "./open-host.ts";

const openLink = async (url: string): Promise<WebSocket> => {
  const socket = new WebSocket(`${url}/link/0`, { headers: await handshakeHeaders() });
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  return socket;
};

/** A host whose Kafka has a record, and answers when the test says so. */
const openHostOfSlowKafka = async () => {
  const produced = Promise.withResolvers<ProduceOutcome[]>();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const produce = (): Promise<ProduceOutcome[]> => {
    resolve();
    return produced.promise;
  };
  return { host: await openHost({ producer: { ...storingProducer, produce } }), asked, produced };
};

test("a Worker that ends answers those who wait with what is known, tells its consumers, and lets go of its folder", async () => {
  const directory = newFolder();
  const host = await openHost({ directory, variables: { METRICS_PORT: "0" } });
  const link = await openLink(host.url);
  const closed = new Promise((resolve) => link.on("close", (code, reason) => resolve([code, String(reason)])));
  const waiting = postSum(host.url, { prefer: "wait=25" });
  while ((await metricOf(host, "waits")) === 0);
  await host.drain(10_000);
  const response = await waiting;
  expect([response.status, await response.json()]).toEqual([202, expect.objectContaining({ state: "accepted" })]);
  expect(await closed).toEqual([1_001, expect.stringContaining("This process ends")]);
  await expect(fetch(`${host.url}/health`)).rejects.toThrow();
  await openHost({ directory });
});

test("a request that is on its way to Kafka when the Worker ends is answered by what became of it", async () => {
  const { host, asked, produced } = await openHostOfSlowKafka();
  const sending = postSum(host.url);
  await asked;
  const drained = host.drain(10_000);
  produced.resolve([{ outcome: "stored", metadata: undefined }]);
  expect((await sending).status).toBe(202);
  await drained;
});

test("what is not answered in time is cut, and the Worker ends nevertheless", async () => {
  const { host, asked } = await openHostOfSlowKafka();
  const sending = postSum(host.url);
  await asked;
  await host.drain(1);
  await expect(sending).rejects.toThrow();
});

test("a second Worker on the same folder is refused, and the first goes on", async () => {
  const directory = newFolder();
  const { url } = await openHost({ directory });
  await expect(openHost({ directory })).rejects.toThrow("Another process is using");
  expect((await postSum(url)).status).toBe(202);
});

test("a port that is taken is told, and the folder is free again", async () => {
  const directory = newFolder();
  const { url } = await openHost();
  await expect(openHost({ directory, port: Number(new URL(url).port) })).rejects.toThrow("EADDRINUSE");
  await openHost({ directory });
});
