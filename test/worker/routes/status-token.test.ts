import { expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import type { StatusTokenBody } from "../../../worker/routes/status-token.ts";
import { createStatusTokens } from "../../../worker/identity/status-token.ts";
import { readWorkerConfig } from "../../../worker/config.ts";
import { contract } from "../../project/app/contract.ts";
import { readEvents } from "../support/events.ts";
import { as, bearer, claimsOf, ISSUER, signToken } from "../support/tokens.ts";
import { call, idsAt, post, testEnv } from "../support/worker.ts";

const send = async (headers: Record<string, string> = {}): Promise<string> =>
  (await (await post("sum", { a: 2, b: 3 }, headers)).json<StatusBody>()).correlationId;

const ask = (id: string, headers: Record<string, string>, body?: unknown): Promise<Response> =>
  call(`/status/${id}/token`, {
    method: "POST",
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

const tokenFor = async (id: string, headers: Record<string, string>, body?: unknown): Promise<StatusTokenBody> => {
  const response = await ask(id, headers, body);
  expect(response.status).toBe(200);
  return response.json();
};

/** Tokens as the Worker under test makes them, at any time. */
const tokensAt = (now?: () => number) => {
  const { CORRELATION_SECRET: secrets, ENVIRONMENT: environment } = readWorkerConfig(testEnv, contract);
  return createStatusTokens({ secrets, environment, ids: idsAt(), now });
};

const ada = await as("ada");
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

test("whoever sent a request gets a token by which somebody else reads its status for five minutes, and nothing more", async () => {
  const id = await send(ada);
  const { token, expiresAt, scopes, status } = await tokenFor(id, ada);
  expect([scopes, status]).toEqual([["status:read"], `/status/${id}`]);
  expect(Math.abs(Date.parse(expiresAt) - Date.now() - 300_000)).toBeLessThan(60_000);
  const headers = bearer(token);
  expect((await call(`/status/${id}`, { headers })).status).toBe(202);
  expect(await codeOf(await call(`/status/${await send(ada)}`, { headers }))).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
  expect(await codeOf(await post("sum", { a: 2, b: 3 }, headers))).toEqual([403, "INSUFFICIENT_SCOPE"]);
  expect(await codeOf(await call("/consumers", { headers }))).toEqual([403, "INSUFFICIENT_SCOPE"]);
  const cancelled = await call(`/status/${id}`, { method: "DELETE", headers });
  expect(cancelled.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="status:cancel"');
  expect(await codeOf(cancelled)).toEqual([403, "INSUFFICIENT_SCOPE"]);
});

test("a token cancels the request if that was asked for", async () => {
  const id = await send(ada);
  const { token, scopes } = await tokenFor(id, ada, { cancel: true });
  expect(scopes).toEqual(["status:read", "status:cancel"]);
  expect((await call(`/status/${id}`, { method: "DELETE", headers: bearer(token) })).status).toBe(202);
});

test("an EventSource passes its token in the query, and the answer goes into no cache and no Referer", async () => {
  const id = await send(ada);
  const { token } = await tokenFor(id, ada);
  const plain = await call(`/status/${id}?token=${token}`);
  expect([plain.status, plain.headers.get("cache-control"), plain.headers.get("referrer-policy")]).toEqual([
    202,
    "no-store",
    "no-referrer",
  ]);
  const response = await call(`/status/${id}?token=${token}`, { headers: { accept: "text/event-stream" } });
  expect(response.headers.get("cache-control")).toMatch(/^no-store/);
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  const events = readEvents(response);
  await events.next();
  expect(await events.next()).toMatchObject({ event: "status" });
  expect((await call(`/status/${id}?token=${token}`, { method: "DELETE" })).status).toBe(404);
  await response.body?.cancel().catch(() => {});
});

test("no other credentials are taken from a URL", async () => {
  const id = await send(ada);
  const response = await call(`/status/${id}?token=${ada.authorization.slice(7)}`);
  expect([response.status, response.headers.get("referrer-policy")]).toEqual([401, "no-referrer"]);
  expect(await response.text()).toMatch(/replace them/);
});

test("a token is of whoever sent the request, and makes no other token", async () => {
  const id = await send(ada);
  expect(await codeOf(await ask(id, await as("eve")))).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
  const { token } = await tokenFor(id, ada);
  expect(await codeOf(await ask(id, bearer(token)))).toEqual([403, "INSUFFICIENT_SCOPE"]);
  expect(await codeOf(await ask(id, ada, { cancel: "yes" }))).toEqual([422, "INVALID_REQUEST"]);
  for (const body of [[], [true], "cancel", true, null]) expect(await codeOf(await ask(id, ada, body))).toEqual([422, "INVALID_REQUEST"]);
});

test("also a request that anybody may read has tokens, so that pages need not know who may call", async () => {
  const id = await send();
  const { token } = await tokenFor(id, {});
  expect((await call(`/status/${id}?token=${token}`)).status).toBe(202);
});

test("a token is good for five minutes, also while secrets are rotated", async () => {
  const id = await send(ada);
  const key = await idsAt().read(id);
  if (key === undefined) throw new Error("Expected an ID.");
  const statusAt = async (agoMs: number) => {
    const { token } = await tokensAt(() => Date.now() - agoMs).create(key, false);
    return (await call(`/status/${id}`, { headers: bearer(token) })).status;
  };
  expect([await statusAt(200_000), await statusAt(301_000)]).toEqual([202, 401]);
  const { CORRELATION_SECRET: secrets, ENVIRONMENT: environment } = readWorkerConfig(testEnv, contract);
  const old = createStatusTokens({ secrets: secrets.slice(1), environment, ids: idsAt() });
  expect((await call(`/status/${id}`, { headers: bearer((await old.create(key, false)).token) })).status).toBe(202);
});

test("a token that somebody else made, or for another environment, is refused", async () => {
  const id = await send(ada);
  const key = await idsAt().read(id);
  if (key === undefined) throw new Error("Expected an ID.");
  const { CORRELATION_SECRET: secrets } = readWorkerConfig(testEnv, contract);
  const { token: foreign } = await createStatusTokens({ secrets, environment: "other", ids: idsAt() }).create(key, true);
  const [secret] = secrets;
  // The secret itself signs nothing: a key for this purpose is made of it.
  const bare = await signToken({ ...claimsOf(ISSUER), sub: id }, new TextEncoder().encode(secret?.secret), {
    alg: "HS256",
    typ: "rejoinder-status+jwt",
    kid: String(secret?.number),
  });
  const none = `${btoa('{"alg":"none","typ":"rejoinder-status+jwt"}').replaceAll("=", "")}.${btoa(JSON.stringify({ sub: id, exp: 9e9 })).replaceAll("=", "")}.`;
  for (const token of [foreign, bare, none]) expect((await call(`/status/${id}`, { headers: bearer(token) })).status).toBe(401);
});
