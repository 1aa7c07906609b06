import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createExchange, hear, isOpen, stateOf } from "../../console/exchange.ts";
import { type News, sendRequest } from "../../console/request.ts";
import { createProblem } from "../../protocol/problem.ts";
import type { State } from "../../protocol/states.ts";

const ID = "a".repeat(63);
const statusBody = (state: State, more = {}) => ({ correlationId: ID, state, version: 0, ...more });

type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | "drop";
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Sends one request to a server that gives these answers in turn, and tells everything that was heard and asked. */
const sendTo = async (...answers: Reply[]) => {
  const asked: { line: string; prefer: string | undefined }[] = [];
  const pauses: number[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push({ line: `${request.method} ${request.url}`, prefer: request.headers["prefer"] as string | undefined });
    const answer = answers.shift();
    if (answer === undefined || answer === "drop") return void request.socket.destroy();
    response.writeHead(answer.status, answer.headers).end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  };
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const heard: News[] = [];
  let exchange = createExchange(1, "sum", { a: 2, b: 3 }, 0);
  for await (const news of sendRequest(
    "sum",
    { a: 2, b: 3 },
    { fetch: (path, init) => fetch(`${base}${String(path)}`, init), pause: async (ms) => void pauses.push(ms) },
  )) {
    heard.push(news);
    exchange = hear(exchange, news, heard.length);
  }
  return { asked, pauses, heard, exchange, states: exchange.steps.map(({ state }) => state) };
};

const ACCEPTED: Reply = { status: 202, body: statusBody("accepted"), headers: { location: `/status/${ID}`, "retry-after": "2" } };
const SUCCEEDED: Reply = { status: 200, body: statusBody("succeeded", { reply: { sum: 5 } }) };

test("a request is followed from accepted over processing to its reply", async () => {
  const { asked, states, exchange } = await sendTo(
    ACCEPTED,
    { status: 202, body: statusBody("processing"), headers: { "preference-applied": "wait=1" } },
    SUCCEEDED,
  );
  expect(states).toEqual(["sending", "accepted", "processing", "succeeded"]);
  expect(exchange).toMatchObject({ reply: { sum: 5 }, correlationId: ID });
  expect(isOpen(stateOf(exchange))).toBe(false);
  expect(asked).toEqual([
    { line: "POST /requests/sum", prefer: undefined },
    { line: `GET /status/${ID}`, prefer: "wait=1" },
    { line: `GET /status/${ID}`, prefer: "wait=1" },
  ]);
});

test("when the server did not wait, the page asks again only after Retry-After", async () => {
  const { pauses } = await sendTo(ACCEPTED, { status: 202, body: statusBody("accepted"), headers: { "retry-after": "30" } }, SUCCEEDED);
  expect(pauses).toEqual([30_000]);
});

test("when the server did wait, the page asks again at once", async () => {
  const waited: Reply = { status: 202, body: statusBody("accepted"), headers: { "retry-after": "1", "preference-applied": "wait=1" } };
  expect((await sendTo(ACCEPTED, waited, waited, SUCCEEDED)).pauses).toEqual([]);
});

test("a network that vanishes is shown, asked again at growing intervals, and forgotten once it is back", async () => {
  const html: Reply = { status: 502, body: "<html>Bad gateway</html>" };
  const { heard, pauses, exchange } = await sendTo(ACCEPTED, "drop", html, "drop", SUCCEEDED);
  expect(heard.map(({ kind }) => kind)).toEqual(["status", "outage", "outage", "outage", "status"]);
  expect(pauses).toEqual([1_000, 2_000, 4_000]);
  expect(exchange).toMatchObject({ outage: false, reply: { sum: 5 } });
});

test("a server that is overloaded is asked again when it said", async () => {
  const overloaded: Reply = { status: 503, body: createProblem("OVERLOADED"), headers: { "retry-after": "7" } };
  const { pauses, states } = await sendTo(ACCEPTED, overloaded, SUCCEEDED);
  expect(pauses).toEqual([7_000]);
  expect(states).toEqual(["sending", "accepted", "succeeded"]);
});

test("a POST without an answer is never sent a second time", async () => {
  const { asked, states } = await sendTo("drop", ACCEPTED, SUCCEEDED);
  expect(states).toEqual(["sending", "unanswered"]);
  expect(asked).toHaveLength(1);
});

test("a refused request shows its problem and is not followed", async () => {
  const problem = createProblem("PRODUCE_UNAVAILABLE");
  const { states, exchange, asked } = await sendTo({ status: 503, body: problem });
  expect(states).toEqual(["sending", "refused"]);
  expect(exchange.problem).toEqual(problem);
  expect(asked).toHaveLength(1);
});

test("a request that Kafka may have taken is looked up before anyone says how it ended", async () => {
  const unknown: Reply = {
    status: 504,
    body: createProblem("PRODUCE_UNKNOWN", { members: { correlationId: ID } }),
    headers: { location: `/status/${ID}` },
  };
  const { states, exchange } = await sendTo(unknown, SUCCEEDED);
  expect(states).toEqual(["sending", "uncertain", "succeeded"]);
  expect(exchange.problem).toBeUndefined();
});

test("a request that failed shows the handler's problem", async () => {
  const error = createProblem("HANDLER_FAILED", { detail: "No such account." });
  const { exchange } = await sendTo(ACCEPTED, { status: 200, body: statusBody("failed", { error }) });
  expect(stateOf(exchange)).toBe("failed");
  expect(exchange.problem).toEqual(error);
});

test("a status that is gone ends the following", async () => {
  const { states } = await sendTo(ACCEPTED, { status: 410, body: createProblem("STATUS_GONE") });
  expect(states).toEqual(["sending", "accepted", "refused"]);
});
