import { once } from "node:events";
import { createServer } from "node:http";
import { listen } from "../../../environment/listen.ts";
import type { Metrics } from "./metrics.ts";

export type MetricsAddress = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
};

/** Serves `GET /metrics`, and nothing else, at an address of its own: what it tells is not for the callers of an API. Rejects if the port is taken. */
export const startMetricsServer = async ({ host, port }: MetricsAddress, metrics: Pick<Metrics, "read">) => {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    metrics.read().then(
      ({ contentType, text }) => response.writeHead(200, { "content-type": contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const url = await listen(server, { host, port });
  return {
    url: `${url}/metrics`,
    async close(): Promise<void> {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
