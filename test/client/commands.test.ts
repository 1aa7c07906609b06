import { expect, test } from "vitest";
import * as z from "zod";
import { createClient } from "../../client/index.ts";
import { failureOf } from "./opened-client.ts";
import { ID, json, pending, problem, refused, replied, scriptedServer, statusBody, statusStep, type Step } from "./scripted-server.ts";

const contract = { "account.debit": { request: z.object({ cents: z.number() }), reply: z.object({ balance: z.number() }) } };
const COMMIT = { position: "account.3.17.generation", aggregateVersion: 7 };
const HEADERS = { "rejoinder-position": COMMIT.position, "rejoinder-aggregate-version": "7", "content-location": `/status/${ID}` };
const DEBIT = { cents: 5 };

const open = async (...script: readonly Step[]) => createClient({ url: (await scriptedServer(...script)).url, contract });

/** A client of a server that hears what comes as If-Match. */
const openHearing = async () => {
  const heard: (string | undefined)[] = [];
  const server = await scriptedServer((response, request) => {
    heard.push(request.headers["if-match"]);
    replied({ balance: 1 })(response, request);
  });
  return { client: createClient({ url: server.url, contract }), heard };
};

test("a command is sent with the version that its aggregate must have", async () => {
  const { client, heard } = await openHearing();
  await client.request("account.debit", DEBIT, { ifMatch: 7 });
  await client.request("account.debit", DEBIT);
  expect(heard).toEqual(['"7"', undefined]);
});

test("commands that are sent together have each their own version", async () => {
  const bodies: string[] = [];
  const client = createClient({
    url: "http://127.0.0.1",
    contract,
    fetch: async (_, init) => {
      bodies.push(init?.body as string);
      return Response.json({ results: [problem(412, "VERSION_MISMATCH", { version: 8 }), problem(409, "NO")] });
    },
  });
  const [first, second] = client.submitAll([
    { operation: "account.debit", request: DEBIT, ifMatch: 7 },
    { operation: "account.debit", request: DEBIT },
  ]);
  expect(await failureOf(first.reply)).toMatchObject({ code: "VERSION_MISMATCH", problem: { version: 8 } });
  await failureOf(second.reply);
  expect(JSON.parse(bodies[0] as string)).toEqual({
    requests: [
      { operation: "account.debit", data: DEBIT, ifMatch: 7 },
      { operation: "account.debit", data: DEBIT },
    ],
  });
});

test.each([
  ["the status", [pending(), statusStep("succeeded", { reply: { balance: 1 }, ...COMMIT })]],
  ["the answer to a POST that waited", [json(200, HEADERS, { balance: 1 })]],
])("the result of a command has its commit, when %s tells it", async (_, script) => {
  const client = await open(...script);
  const submission = client.submit("account.debit", DEBIT);
  const { reply, position, aggregateVersion } = await submission.result;
  expect([reply, position, aggregateVersion]).toEqual([{ balance: 1 }, COMMIT.position, 7]);
  expect(await submission.reply).toEqual({ balance: 1 });
});

test("each status of a command has its commit, as soon as there is one", async () => {
  const client = await open(pending(), json(200, {}, statusBody("succeeded", 1, { reply: { balance: 1 }, ...COMMIT })));
  const seen = [];
  for await (const { state, position, aggregateVersion } of client.submit("account.debit", DEBIT))
    seen.push([state, position, aggregateVersion]);
  expect(seen).toEqual([
    ["accepted", undefined, undefined],
    ["succeeded", COMMIT.position, 7],
  ]);
});

test.each([
  ["the status", [pending(), statusStep("failed", { error: problem(409, "TOO_LITTLE_MONEY"), ...COMMIT })]],
  ["the answer to a POST that waited", [refused(problem(409, "TOO_LITTLE_MONEY"), HEADERS)]],
])("the error of a command that was refused has its commit, when %s tells it", async (_, script) => {
  const client = await open(...script);
  expect(await failureOf(client.submit("account.debit", DEBIT).result)).toMatchObject({ code: "TOO_LITTLE_MONEY", ...COMMIT });
});

test("the result of what has no commit is its reply alone, and nobody need look at it", async () => {
  const client = await open(replied({ balance: 1 }));
  expect(await client.submit("account.debit", DEBIT).result).toEqual({ reply: { balance: 1 } });
});
