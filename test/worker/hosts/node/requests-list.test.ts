import { expect, test } from "vitest";
import { createClient } from "../../../../client/index.ts";
import type { RequestListBody } from "../../../../protocol/request-list.ts";
import type { Producer } from "../../../../worker/producer.ts";
import { newFolder, openHost, storingProducer } from "./open-host.ts";

/** Knows callers by what they say they are. */
const authenticate = ({ headers }: Request) => {
  const subject = headers.get("x-subject");
  return subject === null ? undefined : { subject, scopes: ["requests:*", "status:read"] };
};

const headersOf = (subject: string) => ({ "x-subject": subject, "content-type": "application/json" });

const send = async (url: string, subject: string): Promise<{ status: number; correlationId: string }> => {
  const response = await fetch(`${url}/requests/sum`, { method: "POST", headers: headersOf(subject), body: '{"a":2,"b":3}' });
  const { correlationId, acceptedAt } = (await response.json()) as { correlationId: string; acceptedAt: string };
  // Only those of different milliseconds have an order that the test knows.
  while (Date.now() <= Date.parse(acceptedAt)) await fetch(`${url}/health`);
  return { status: response.status, correlationId };
};

const list = async (url: string, subject: string): Promise<string[]> => {
  const response = await fetch(`${url}/requests`, { headers: headersOf(subject) });
  expect(response.status).toBe(200);
  return ((await response.json()) as RequestListBody).requests.map(({ correlationId }) => correlationId);
};

test("a host that is started again lists what was sent before, also to those who call through other shards", async () => {
  const directory = newFolder();
  const variables = { REQUEST_INDEX: "on", MAILBOX_SHARDS: "200" };
  const first = await openHost({ directory, variables, authenticate });
  const sent = [];
  for (const subject of ["ada", "eve", "ada"]) sent.unshift((await send(first.url, subject)).correlationId);
  await first.close();
  const second = await openHost({ directory, variables, authenticate });
  expect(await list(second.url, "ada")).toEqual([sent[0], sent[2]]);
  expect(await list(second.url, "eve")).toEqual([sent[1]]);
});

test("the client gives all requests of its caller, over as many pages as there are", async () => {
  const { url } = await openHost({ variables: { REQUEST_INDEX: "on" }, authenticate });
  const sent = await Promise.all(Array.from({ length: 130 }, () => send(url, "ada")));
  const client = createClient({ url });
  const listed = [];
  for await (const { correlationId, operation } of client.list({ operation: "sum", state: "accepted", headers: headersOf("ada") }))
    listed.push([correlationId, operation]);
  expect(listed.toSorted()).toEqual(sent.map(({ correlationId }) => [correlationId, "sum"]).toSorted());
});

test("what Kafka did not take is not listed", async () => {
  const away: Producer = {
    ...storingProducer,
    produce: async (records) => records.map(() => ({ outcome: "unavailable", detail: "Away." })),
  };
  const { url } = await openHost({ producer: away, variables: { REQUEST_INDEX: "on" }, authenticate });
  expect((await send(url, "ada")).status).toBe(503);
  expect(await list(url, "ada")).toEqual([]);
});

test("a host whose index is off says how to switch it on", async () => {
  const { url } = await openHost({ variables: { REQUEST_INDEX: "off" }, authenticate });
  const response = await fetch(`${url}/requests`, { headers: headersOf("ada") });
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ code: "NOT_SUPPORTED", detail: expect.stringContaining("REQUEST_INDEX=on") });
});
