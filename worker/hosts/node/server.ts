import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";

type ServerOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
};

/** Serves a fetch handler over HTTP. Rejects if the port is taken. */
export const startServer = async ({ host, port, fetch }: ServerOptions): Promise<{ readonly server: Server; readonly url: string }> => {
  const server = createServer(
    // Proxies and clients keep idle connections for 60 s. The server keeps them longer, so that it never closes one that is being used.
    { keepAliveTimeout: 75_000, requestTimeout: 30_000, headersTimeout: 10_000 },
    getRequestListener(fetch),
  );
  server.listen(port, host);
  await once(server, "listening");
  return { server, url: urlOf(server.address() as AddressInfo) };
};

const urlOf = ({ address, family, port }: AddressInfo): string => `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
