import type { IncomingMessage, ServerResponse } from "node:http";
import { type Served, serve } from "./served.ts";

/** One call that came in. */
export type ReceivedWebhook = { readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** How often `/drip` sends a byte. */
const DRIP_MS = 5;

/**
 * Starts a receiver of webhooks over HTTP. The path of a POST says how it answers: `/status/:code` with the fields that its query names, `/endless`
 * and `/drip` with 200 and a body that does not end, `/silent` never, anything else with 204. `GET /seen/:id` waits for a call with that `webhook-id`
 * and answers all of them; `GET /cut/:id` waits until the connection of one is closed before its answer has ended.
 */
export const startWebhookReceiver = async (): Promise<Served> => {
  const seen = new Map<string, ReceivedWebhook[]>();
  const cut = new Set<string>();
  /** Answers that wait for something to happen. */
  const waiting = new Set<() => boolean>();
  const happened = (): void => waiting.forEach((answer) => void (answer() && waiting.delete(answer)));
  const answerWhen = (response: ServerResponse, find: () => unknown): void => {
    waiting.add(() => {
      const found = find();
      if (found !== undefined) response.end(JSON.stringify(found));
      return found !== undefined;
    });
    happened();
  };

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://receiver");
    const id = String(request.headers["webhook-id"]);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = { path: pathname, headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() };
    seen.set(id, [...(seen.get(id) ?? []), call]);
    response.on("close", () => {
      if (!response.writableFinished) cut.add(id);
      happened();
    });
    happened();
    if (pathname.startsWith("/status/")) {
      response.writeHead(Number(pathname.slice("/status/".length)), Object.fromEntries(searchParams)).end();
    } else if (pathname === "/endless") {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on("drain", more);
      more();
    } else if (pathname === "/drip") {
      response.writeHead(200);
      const drip = setInterval(() => response.write("."), DRIP_MS);
      response.on("close", () => clearInterval(drip));
    } else if (pathname !== "/silent") {
      response.writeHead(204).end();
    }
  };

  return serve((request, response) => {
    const [, what, id = ""] = /^\/(seen|cut)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (request.method === "GET" && what === "seen") answerWhen(response, () => seen.get(id));
    else if (request.method === "GET" && what === "cut") answerWhen(response, () => cut.has(id) || undefined);
    else receive(request, response).catch(() => response.destroy());
  });
};
