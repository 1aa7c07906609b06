import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ViewsBody, ViewVersion } from "../../../protocol/view-api.ts";
import { createProblem } from "../../../protocol/problem.ts";
import { type Served, serve } from "../../helpers/served.ts";
import { callCommand, type Called } from "../run-command.ts";

const version: ViewVersion = { version: 2, isServed: true, isReady: true, partitions: 1, progress: [] };
const listed: ViewsBody = { views: [{ view: "balances", aggregate: "account", contractVersion: 2, versions: [version] }] };

let worker: Served;
/** What was asked, and by whom. */
let calls: string[];
let answer: { readonly status: number; readonly body: unknown };
beforeAll(async () => {
  worker = await serve(async (request: IncomingMessage, response) => {
    const { method, url, headers } = request;
    calls.push([method, url, headers.authorization ?? "nobody", await text(request)].join(" "));
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  });
});
afterAll(() => worker?.close());
beforeEach(() => void (calls = []));

const views = (...args: readonly string[]): Promise<Called> =>
  callCommand(["views", ...args], { variables: { WORKER_URL: worker.url, REJOINDER_TOKEN: "secret" } });

test("views are listed for people and as JSON, in the name of REJOINDER_TOKEN", async () => {
  answer = { status: 200, body: listed };
  expect(await views("list")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^balances {2}of account.*\n {2}version 2 {2}served/),
  });
  expect(JSON.parse((await views("list", "--json")).stdout)).toEqual(listed.views[0]);
  expect(calls).toEqual(Array(2).fill("GET /views Bearer secret "));
});

test.each(["switch", "rebuild", "drop"])("%s names a version of a view, and shows the versions that there are then", async (action) => {
  answer = { status: 200, body: { view: "balances", versions: [version] } };
  expect(await views(action, "balances", "2")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^version 2 {2}served/) });
  expect(calls).toEqual([`POST /views/balances Bearer secret {"action":"${action}","version":2}`]);
});

test("what the Worker refuses is said in its words", async () => {
  answer = { status: 409, body: createProblem("VIEW_VERSION_IN_USE", { detail: "Switch to another version first." }) };
  expect(await views("drop", "balances", "2")).toEqual({
    code: 2,
    stdout: "",
    stderr: "VIEW_VERSION_IN_USE: Switch to another version first.\n",
  });
});

test("a Worker that cannot do it now, or is none, is told apart from a wrong call", async () => {
  answer = { status: 503, body: createProblem("STORE_UNAVAILABLE") };
  expect(await views("list")).toMatchObject({ code: 4, stderr: expect.stringContaining("STORE_UNAVAILABLE: ") });
  answer = { status: 404, body: {} };
  expect(await views("list")).toMatchObject({ code: 4, stderr: expect.stringContaining("to be a rejoinder Worker, but it answered 404.") });
  expect(await callCommand(["views", "list", "--url", "http://127.0.0.1:9"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("No Worker answers at http://127.0.0.1:9."),
  });
});

test("a call that names no version, or none that there can be, says what it expects", async () => {
  expect(await views("drop", "balances")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Expected VIEW VERSION, got balances."),
  });
  expect(await views("drop", "balances", "two")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Expected VERSION to be a whole"),
  });
  expect(await views("lst")).toMatchObject({ code: 2, stderr: expect.stringContaining("Expected list, switch, rebuild, drop") });
  expect(calls).toEqual([]);
});
