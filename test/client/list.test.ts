import { expect, test } from "vitest";
import { createProblem } from "../../protocol/problem.ts";
import type { ListedRequestBody } from "../../protocol/request-list.ts";
import { failureOf, openClient } from "./opened-client.ts";
import { hangUp, html, json, refused, silence } from "./scripted-server.ts";

const listed = (correlationId: string): ListedRequestBody => ({
  correlationId,
  operation: "sum",
  state: "succeeded",
  acceptedAt: "2026-01-01T00:00:00.000Z",
  deadline: "2026-01-01T00:00:30.000Z",
  expiresAt: "2026-01-02T00:00:00.000Z",
  status: `/status/${correlationId}`,
});

/** A page of those requests. */
const page = (ids: readonly string[], next?: string) =>
  json(200, {}, { requests: ids.map(listed), ...(next === undefined ? {} : { next }) });

/** What an iteration gives until it ends. */
const collect = async (list: AsyncIterable<ListedRequestBody>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { correlationId } of list) ids.push(correlationId);
  return ids;
};

test("a list goes from page to page, also over one that is empty, and asks as it is read", async () => {
  const { client, server } = await openClient(page(["c", "b"], "cursor.1"), page([], "cursor.2"), page(["a"]));
  expect(server.calls).toEqual([]);
  expect(await collect(client.list({ operation: "sum", state: "succeeded" }))).toEqual(["c", "b", "a"]);
  expect(server.calls).toEqual([
    "GET /requests?operation=sum&state=succeeded&limit=100 wait=0",
    "GET /requests?operation=sum&state=succeeded&limit=100&after=cursor.1 wait=0",
    "GET /requests?operation=sum&state=succeeded&limit=100&after=cursor.2 wait=0",
  ]);
});

test("who leaves a list early asks for no further page", async () => {
  const { client, server } = await openClient(page(["b"], "cursor"), page(["a"]));
  for await (const { status } of client.list()) {
    expect(status).toBe("/status/b");
    break;
  }
  expect(server.calls).toEqual(["GET /requests?limit=100 wait=0"]);
});

test("a page that nobody gives, or that the server cannot give now, is asked for again", async () => {
  const { client } = await openClient(hangUp, page(["b"], "cursor"), refused("STORE_UNAVAILABLE"), html(502), page(["a"]));
  expect(await collect(client.list())).toEqual(["b", "a"]);
});

test("a list that the server refuses throws its problem", async () => {
  const problem = createProblem("NOT_SUPPORTED", { detail: "Set REQUEST_INDEX=on." });
  const { client, server } = await openClient(refused(problem));
  expect(await failureOf(collect(client.list()))).toMatchObject({ code: "NOT_SUPPORTED", status: 501, problem });
  expect(server.calls).toHaveLength(1);
});

test("what is no list is none", async () => {
  for (const answer of [html(200), json(200, {}, { requests: 1 }), json(404, {}, {})]) {
    const { client } = await openClient(answer);
    expect(await failureOf(collect(client.list()))).toMatchObject({ code: "UNEXPECTED_ANSWER" });
  }
});

test("a list ends with its signal, and with the client", async () => {
  const { client, server } = await openClient(silence);
  const aborting = new AbortController();
  const [aborted, closed] = [failureOf(collect(client.list({ signal: aborting.signal }))), failureOf(collect(client.list()))];
  await server.arrived(2);
  aborting.abort();
  expect(await aborted).toMatchObject({ code: "ABORTED" });
  client.close();
  expect(await closed).toMatchObject({ code: "CLOSED" });
});
