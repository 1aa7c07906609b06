import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export type JsonAnswer = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };

/** A server for the length of a test; resolves to its URL. */
export const serveJson = async (answer: (request: IncomingMessage, body: unknown) => Promise<JsonAnswer>): Promise<string> => {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const answered = await answer(request, body === "" ? undefined : JSON.parse(body));
    response.writeHead(answered.status, answered.headers).end(JSON.stringify(answered.body));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
