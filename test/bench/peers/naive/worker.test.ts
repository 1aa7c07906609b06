import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { handleNaively, type NaiveEnv } from "../../../../bench/peers/naive/worker.ts";

type Produced = { readonly authorization: string | undefined; readonly record: { readonly topic: string; readonly value: string } };

/** A proxy that answers so, and what it was given. */
const serve = async (status: number): Promise<{ readonly env: NaiveEnv; readonly produced: Produced[] }> => {
  const produced: Produced[] = [];
  const server = createServer(async (request, response) => {
    produced.push({ authorization: request.headers.authorization, record: JSON.parse(await text(request)) as Produced["record"] });
    response.writeHead(status).end("[]");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const replies = new Map([["known", '{"sum":5}']]);
  const env: NaiveEnv = {
    KAFKA_REST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    KAFKA_REST_AUTHORIZATION: "Basic eDp5",
    TOPIC: "sums",
    REPLIES: { get: async (key) => replies.get(key) ?? null },
  };
  return { env, produced };
};

const post = () => new Request("http://worker/requests", { method: "POST", body: '{"a":2,"b":3}' });

test("a request is produced before it is accepted, under an ID that its status has too", async () => {
  const { env, produced } = await serve(200);
  const response = await handleNaively(post(), env);
  const { id } = (await response.json()) as { id: string };
  expect(response.status).toBe(202);
  expect(response.headers.get("location")).toBe(`/status/${id}`);
  expect(produced).toEqual([
    { authorization: "Basic eDp5", record: { topic: "sums", key: id, value: JSON.stringify({ id, data: { a: 2, b: 3 } }) } },
  ]);
});

test("what could not be produced is not accepted", async () => {
  const { env } = await serve(503);
  expect((await handleNaively(post(), env)).status).toBe(502);
});

test("a reply is there or not yet", async () => {
  const { env } = await serve(200);
  const replied = await handleNaively(new Request("http://worker/status/known"), env);
  expect([replied.status, await replied.text()]).toEqual([200, '{"sum":5}']);
  expect((await handleNaively(new Request("http://worker/status/other"), env)).status).toBe(202);
});
