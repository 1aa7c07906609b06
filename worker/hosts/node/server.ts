import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { listen } from "../../../environment/listen.ts";
import { answerBrokenRequest, type BrokenRequest } from "../../../environment/broken-request.ts";
import { RejoinderError } from "../../../protocol/errors.ts";
import { createProblem, PROBLEM_CONTENT_TYPE } from "../../../protocol/problem.ts";
import { STRICT_TRANSPORT_SECURITY } from "../../entrance.ts";
import { problemResponse } from "../../responses.ts";
import { getRequestListener, RequestError, type HttpBindings } from "@hono/node-server";
import { type AddressOf, readAddress } from "../../limits/caller-address.ts";
import type { Links, Upgrade } from "./links.ts";

type ServerOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Never rejects. @param bindings what an upgrade has none of */
  readonly fetch: (request: Request, bindings?: HttpBindings) => Response | Promise<Response>;
  /** Called with the path of each request, the status of its response, and how long that took. */
  readonly onAnswered: (path: string, status: number, seconds: number) => void;
  readonly links: Pick<Links, "announce">;
};

export type Server = {
  readonly url: string;
  /** Takes no more connections, and no more calls on those that there are. Resolves once all calls are answered and their connections closed. */
  stop(): Promise<void>;
  /** Cuts the connections that are left. */
  cut(): void;
};

/**
 * Serves a fetch handler over HTTP. Rejects if the port is taken. What is no HTTP is a problem: 400, 408 or 431.
 */
export const startServer = async ({ host, port, fetch, onAnswered, links }: ServerOptions): Promise<Server> => {
  /** Responses that are not known yet. */
  const answering = new Set<ServerResponse>();
  let isStopping = false;
  const listener = getRequestListener(
    async (request, bindings) => {
      const { incoming, outgoing } = bindings as HttpBindings;
      const begunAt = performance.now();
      answering.add(outgoing);
      // Whoever has ended TLS in front says so. From somebody else the header harms nobody but that caller.
      if (incoming.headers["x-forwarded-proto"] === "https") outgoing.setHeader("strict-transport-security", STRICT_TRANSPORT_SECURITY);
      // A stream says at its beginning whether its connection stays open: the server could not end otherwise.
      if (isStopping || asksForStream(incoming)) outgoing.shouldKeepAlive = false;
      const response = await fetch(request, bindings as HttpBindings);
      answering.delete(outgoing);
      onAnswered(incoming.url ?? "", response.status, (performance.now() - begunAt) / 1_000);
      return response;
    },
    { errorHandler: refuse },
  );
  const server = createServer(
    {
      // Proxies and clients keep idle connections for 60 s. The server keeps them longer, so that it never closes one that is being used.
      keepAliveTimeout: 75_000,
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 5_000,
      // A request without one is refused with a body, as every other.
      requireHostHeader: false,
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
    listener,
  );
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket, problemOfBroken));
  server.on("upgrade", (incoming, socket, head) => void upgrade({ incoming, socket, head }, fetch, links));
  const url = await listen(server, { host, port });
  return {
    url,
    async stop() {
      isStopping = true;
      for (const outgoing of answering) outgoing.shouldKeepAlive = false;
      const closed = once(server, "close");
      server.close();
      await closed;
    },
    cut: () => server.closeAllConnections(),
  };
};

/** The address at the other end of the connection: the caller's, or that of a proxy. */
export const connectionAddress: AddressOf = ({ env }) => readAddress((env as Partial<HttpBindings>).incoming?.socket.remoteAddress);

const CODES = { 400: "MALFORMED_HTTP", 408: "REQUEST_TIMEOUT", 431: "HEADERS_TOO_LARGE" } as const;

/** Answers a request that cannot be handed to the handler: its path or its host is none. */
const refuse = (error: unknown): Response =>
  problemResponse(
    error instanceof RequestError ? new RejoinderError("MALFORMED_HTTP", { detail: `${error.message}.`, cause: error }) : error,
  );

const problemOfBroken = ({ status, reason }: BrokenRequest) => ({
  type: PROBLEM_CONTENT_TYPE,
  body: createProblem(CODES[status], { detail: reason }),
});

/** To read the headers takes a while, so only those of a GET are. */
const asksForStream = (incoming: IncomingMessage): boolean =>
  incoming.method === "GET" && incoming.headers.accept?.includes("text/event-stream") === true;

/** Lets the handler decide, and writes its response unless the socket was handed over. */
const upgrade = async (asked: Upgrade, fetch: ServerOptions["fetch"], links: ServerOptions["links"]): Promise<void> => {
  const { incoming, socket } = asked;
  const destroy = (): void => void socket.destroy();
  socket.on("error", destroy);
  const request = readRequest(incoming);
  if (request === undefined)
    return writeResponse(
      socket,
      problemResponse(new RejoinderError("MALFORMED_HTTP", { detail: "Expected a path and headers as HTTP has them." })),
    );
  const isTaken = links.announce(request, asked);
  const response = await fetch(request);
  if (isTaken()) socket.off("error", destroy);
  else await writeResponse(socket, response);
};

/** The head of a request; undefined if its target or a header is not what HTTP allows. */
const readRequest = ({ method = "GET", url = "/", rawHeaders, headers: { host = "localhost" } }: IncomingMessage): Request | undefined => {
  try {
    const headers = new Headers();
    for (let index = 0; index + 1 < rawHeaders.length; index += 2)
      headers.append(rawHeaders[index] as string, rawHeaders[index + 1] as string);
    return new Request(new URL(url, `http://${host}`), { method, headers });
  } catch {
    return undefined;
  }
};

const writeResponse = async (socket: Duplex, response: Response): Promise<void> => {
  const { status, headers } = response;
  const body = Buffer.from(await response.arrayBuffer());
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`];
  for (const [name, value] of headers) if (name !== "connection") lines.push(`${name}: ${value}`);
  socket.end(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`), body]));
};
