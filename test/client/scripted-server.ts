import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createProblem, type Problem } from "../../protocol/problem.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { State } from "../../protocol/states.ts";

/** One answer of the server. */
export type Step = (response: ServerResponse, request: IncomingMessage) => void;

export type ScriptedServer = {
  readonly url: string;
  /** What was asked so far, as `POST /requests/sum wait=5`. */
  readonly calls: readonly string[];
  /** `If-None-Match` of each of them. */
  readonly known: readonly (string | undefined)[];
  /** `Idempotency-Key` of each of them. */
  readonly keys: readonly (string | undefined)[];
  /** `Last-Event-ID` of each of those that asked for a stream. */
  readonly resumedAfter: readonly string[];
  /** Resolves when so many calls have arrived. */
  arrived(count: number): Promise<void>;
};

export const ID = "correlation-id";

/** A real HTTP server that answers call after call as it is told; the last answer is given again and again. It ends with the test. */
export const scriptedServer = async (...script: readonly Step[]): Promise<ScriptedServer> => {
  const calls: string[] = [];
  const known: (string | undefined)[] = [];
  const keys: (string | undefined)[] = [];
  const resumedAfter: string[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const wait = /wait=\d+/.exec(headers.prefer as string)?.[0];
    known.push(headers["if-none-match"]);
    keys.push(headers["idempotency-key"] as string | undefined);
    if (headers.accept === "text/event-stream") resumedAfter.push(String(headers["last-event-id"]));
    request.resume().once("end", () => {
      calls.push([method, url, ...(wait === undefined ? [] : [wait])].join(" "));
      server.emit("call");
      (script[calls.length - 1] ?? script.at(-1))?.(response, request);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    known,
    keys,
    resumedAfter,
    async arrived(count) {
      while (calls.length < count) await once(server, "call");
    },
  };
};

/** JSON with that status. */
export const json = (status: number, headers: Record<string, string>, body: unknown): Step => {
  return (response) => void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};

/** The body of a status. */
export const statusBody = (state: State, version: number, members: object = {}) => ({
  correlationId: ID,
  state,
  version,
  acceptedAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  deadline: "2026-01-01T00:00:30.000Z",
  expiresAt: "2026-01-02T00:00:00.000Z",
  ...members,
});

/** 202: on its way. */
export const pending = (state: State = "accepted", version = 0, headers: Record<string, string> = {}): Step =>
  json(202, { location: `/status/${ID}`, "retry-after": "0", "preference-applied": "wait=25", ...headers }, statusBody(state, version));

/** 202: on its way, with more to say of it. */
export const underWay = (version: number, members: object): Step =>
  json(202, { "preference-applied": "wait=25" }, statusBody("processing", version, members));

/** 304: no news of what the caller knows. */
export const unchanged: Step = (response) => void response.writeHead(304, { etag: '"0"', "preference-applied": "wait=25" }).end();

/** The status of a request that has ended well. */
export const succeeded = (reply: unknown): Step => statusStep("succeeded", { reply });

/** The status of a request that has ended otherwise. */
export const ended = (state: State, code: ErrorCode): Step => statusStep(state, { error: createProblem(code) });

/** The status of a request that has ended. */
export const statusStep = (state: State, members: object): Step => json(200, {}, statusBody(state, 2, members));

/** The reply itself, to a POST that waited. */
export const replied = (reply: unknown): Step => json(200, { "content-location": `/status/${ID}` }, reply);

/** Problem details of an operation's own. */
export const problem = (status: number, code: string, members: object = {}): Problem => ({
  type: "about:blank",
  title: "It did not work",
  status,
  code,
  ...members,
});

/** @param why an error of the server's table, or an operation's own */
export const refused = (why: ErrorCode | Problem, headers: Record<string, string> = {}): Step => {
  const body = typeof why === "string" ? createProblem(why) : why;
  return json(body.status, { "content-type": "application/problem+json", ...headers }, body);
};

/** One event of a stream. */
export const event = (type: string, id: string, data: unknown): string => `event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/** The beginning of a stream of events, which goes on. */
export const streaming = (...events: readonly string[]): Step => {
  return (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).write(events.join(""));
};

/** A stream of events that is then cut. */
export const cutStream = (...events: readonly string[]): Step => {
  return (response) =>
    void response.writeHead(200, { "content-type": "text/event-stream" }).write(events.join(""), () => response.socket?.destroy());
};

/** What a balancer says when nobody is behind it. */
export const html = (status: number): Step => {
  return (response) => void response.writeHead(status, { "content-type": "text/html" }).end("<h1>Hello</h1>");
};

/** The connection is lost before there is an answer. */
export const hangUp: Step = (response) => void response.socket?.destroy();

export const silence: Step = () => {};
