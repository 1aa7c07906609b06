import { expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTraceparent, headersOf } from "../support/requests.ts";
import { as, bearer, ISSUER } from "../support/tokens.ts";
import { call, createId, post } from "../support/worker.ts";

const METADATA = "/.well-known/oauth-protected-resource";
const problemOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];
const send = async (headers: Record<string, string>): Promise<StatusBody> => (await post("sum", { a: 2, b: 3 }, headers)).json();
/** Calls a Worker where nobody may call without credentials. */
const callClosed = (path: string, init?: RequestInit) => host.callOther({ variables: { AUTH: "jwt" } }, path, init);
const sum = (headers: Record<string, string>): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: '{"a":2,"b":3}',
});

test("a call without credentials is told where to get some", async () => {
  const response = await callClosed("/requests/sum", sum({ origin: "https://app.example" }));
  expect(await problemOf(response.clone())).toEqual([401, "UNAUTHENTICATED"]);
  const { headers } = response;
  expect(headers.get("www-authenticate")).toMatch(/^Bearer resource_metadata="https?:\/\/[^"]+\/\.well-known\/oauth-protected-resource"$/);
  expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
  expect(headers.get("cache-control")).toBe("no-store");
});

test("the metadata of the API names the issuer and the scopes, under the address that callers use", async () => {
  const response = await host.callOther({ variables: { AUTH: "jwt", PUBLIC_URL: "https://public.example" } }, METADATA);
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      resource: "https://public.example",
      authorization_servers: [ISSUER],
      scopes_supported: expect.arrayContaining(["requests:*", "requests:sum", "status:read"]),
      bearer_methods_supported: ["header"],
    },
  ]);
  expect((await host.callOther({ variables: { AUTH: "public" } }, METADATA)).status).toBe(404);
});

test.each([
  ["that are no token", "Bearer abc"],
  ["of another kind", "Basic dTpw"],
  ["that are not valid", "Bearer e30.e30.c2ln"],
  ["that are too long", `Bearer ${"a".repeat(9_000)}.e30.c2ln`],
])("credentials %s are refused also where anybody may call without", async (_, authorization) => {
  const response = await post("sum", { a: 2, b: 3 }, { authorization });
  expect(await problemOf(response.clone())).toEqual([401, "UNAUTHENTICATED"]);
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer error="invalid_token", resource_metadata="/);
  expect(await response.text()).not.toContain(authorization.split(" ")[1]);
});

test("where only the public may call, credentials are for somebody else and are passed over", async () => {
  const response = await host.callOther({ variables: { AUTH: "public" } }, "/requests/sum", sum({ authorization: "Basic dTpw" }));
  expect(response.status).toBe(202);
});

test("a caller without the scope is told which one is missing", async () => {
  const headers = { ...(await as("ada", { scope: "requests:echo status:read" })), origin: "https://app.example" };
  const response = await post("sum", { a: 2, b: 3 }, headers);
  expect(await problemOf(response.clone())).toEqual([403, "INSUFFICIENT_SCOPE"]);
  expect(response.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="requests:sum"');
  expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect((await post("echo", 1, headers)).status).toBe(202);
  const { correlationId } = await send(await as("ada", { scope: "requests:sum" }));
  const status = await call(`/status/${correlationId}`, { headers: await as("ada", { scope: "requests:sum" }) });
  expect(status.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="status:read"');
});

test("what acts on the requests of others needs the scope of an operator", async () => {
  expect((await call("/consumers", { headers: await as("ada") })).status).toBe(403);
  expect((await call("/consumers", { headers: await as("ada", { scope: "operator" }) })).status).toBe(200);
});

test("a request is read and cancelled by whoever sent it, and to everybody else it does not exist, as one that was made up", async () => {
  const ada = await as("ada");
  const { correlationId } = await send(ada);
  expect((await call(`/status/${correlationId}`, { headers: ada })).status).toBe(202);
  const forged = `${correlationId.slice(0, -2)}AA`;
  const answers = [];
  for (const method of ["GET", "DELETE"]) {
    for (const [path, headers] of [
      [correlationId, await as("eve")],
      [correlationId, await as("eve", { scope: "status:read operator" })],
      [correlationId, {}],
      [forged, ada],
      [(await createId()).text, ada],
    ] as const) {
      const response = await call(`/status/${path}`, { method, headers });
      answers.push([response.status, [...response.headers.keys()].filter((name) => name !== "date").toSorted(), await response.text()]);
    }
  }
  expect(answers[0]?.[0]).toBe(404);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect((await call(`/status/${correlationId}`, { method: "DELETE", headers: ada })).status).toBe(202);
});

test("the record of a request says who sent it, under a signature; that of anybody says nothing", async () => {
  const [named, anonymous] = [createTraceparent(), createTraceparent()];
  await send({ ...(await as("ada", { plan: "pro" })), traceparent: named });
  await send({ traceparent: anonymous });
  const headers = await headersOf(named);
  expect([headers.get("ce_authtype"), headers.get("ce_authid")]).toEqual(["user", "ada"]);
  expect(JSON.parse(headers.get("ce_authclaims") ?? "")).toEqual({ scopes: ["requests:*", "status:read"], plan: "pro" });
  // One for each secret that consumers may have.
  expect(headers.get("ce_authsignature")).toMatch(/^[\w+/]{43}= [\w+/]{43}=$/);
  const none = await headersOf(anonymous);
  expect([none.get("ce_authtype"), ...["authid", "authclaims", "authsignature"].map((name) => none.get(`ce_${name}`))]).toEqual([
    "unauthenticated",
    undefined,
    undefined,
    undefined,
  ]);
});

test("whose host of keys is down gets 503, and may try again", async () => {
  const variables = { AUTH: "jwt", JWT_JWKS_URL: `${host.variables["CLOSED_PORT_URL"]}/jwks` };
  const response = await host.callOther({ variables }, "/requests/sum", sum(await as("ada")));
  expect([await problemOf(response.clone()), response.headers.get("retry-after")]).toEqual([[503, "IDENTITY_UNAVAILABLE"], "1"]);
});

test("a bearer token is read whatever the case of its scheme", async () => {
  const { authorization } = bearer((await as("ada")).authorization.slice(7));
  expect((await post("sum", { a: 2, b: 3 }, { authorization: authorization.replace("Bearer", "bearer") })).status).toBe(202);
});

const problemsWith = (variables: Record<string, string | undefined>) => host.problemsOf({ variables });

test("who takes tokens must say whose, and for whom, and only algorithms with a public key are taken", async () => {
  expect(await problemsWith({ AUTH: "jwt", JWT_ISSUER: undefined, JWT_AUDIENCE: undefined })).toEqual([
    "JWT_ISSUER is not set: Set it to the issuer of the tokens, as their claim iss has it.",
    "JWT_AUDIENCE is not set: Set it to what the claim aud of tokens for this API says.",
  ]);
  expect(await problemsWith({ AUTH: "everybody" })).toEqual([expect.stringMatching(/^AUTH: Expected public .*keys or jwt/)]);
  for (const JWT_ALGORITHMS of ["HS256", "none", "RS256,HS512"])
    expect(await problemsWith({ JWT_ALGORITHMS })).toEqual([expect.stringMatching(/^JWT_ALGORITHMS: Expected some of RS256/)]);
  for (const JWT_JWKS_URL of ["http://issuer.example/jwks", "jwks"])
    expect(await problemsWith({ JWT_JWKS_URL })).toEqual([expect.stringMatching(/^JWT_JWKS_URL: Expected a URL that starts with https/)]);
});
