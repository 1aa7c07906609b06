import { once } from "node:events";
import { createServer } from "node:http";
import { listen } from "./listen.ts";

export type MetricsAddress = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
};

/** What is answered. */
export type Page = { readonly status?: number; readonly contentType: string; readonly text: string };

/** Serves `GET` of some paths, and nothing else, at an address of its own: what they tell is not for the callers of an API. Rejects if the port is taken. */
export const startMetricsServer = async (
  { host, port }: MetricsAddress,
  pages: Readonly<Record<`/${string}`, () => Page | Promise<Page>>>,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const byPath = new Map(Object.entries(pages));
  const server = createServer(async ({ method, url = "" }, response) => {
    const read = method === "GET" ? byPath.get(url) : undefined;
    if (read === undefined) return void response.writeHead(404).end();
    try {
      const { status = 200, contentType, text } = await read();
      response.writeHead(status, { "content-type": contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  });
  const url = await listen(server, { host, port });
  return {
    url,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
