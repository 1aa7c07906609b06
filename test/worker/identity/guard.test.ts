import { Hono } from "hono";
import { expect, test, vi } from "vitest";
import type { Authenticate } from "../../../worker/identity/authenticate.ts";
import { unauthenticated } from "../../../worker/identity/authenticate.ts";
import { createIdentity } from "../../../worker/identity/identity.ts";
import { createOwnerTags } from "../../../worker/identity/owner-tags.ts";
import type { Principal } from "../../../worker/identity/principal.ts";
import { problemResponse } from "../../../worker/responses.ts";
import { contract } from "../../project/app/contract.ts";
import { idsAt } from "../support/worker.ts";

const SECRET = { number: 1, secret: "x".repeat(32) };

type Options = {
  readonly authenticate?: Authenticate;
  readonly AUTH?: readonly "public"[];
  readonly ENVIRONMENT?: string;
  readonly isPlain?: boolean;
};

/** A route behind the guard, which answers with the caller. */
const open = ({ authenticate, AUTH, ENVIRONMENT = "production", isPlain = false }: Options) => {
  const config = {
    AUTH,
    ENVIRONMENT,
    CORRELATION_SECRET: [SECRET],
    JWT_ALGORITHMS: ["ES256"],
    JWT_ISSUER: undefined,
    JWT_AUDIENCE: undefined,
    JWT_JWKS_URL: undefined,
    PUBLIC_URL: undefined,
  };
  const { authorize } = createIdentity({ config, contract, ids: idsAt(), authenticate, sharesLoads: false, isPlain: () => isPlain });
  const app = new Hono();
  app.get("/:scope", async (context) => Response.json(await authorize(context, context.req.param("scope"))));
  app.onError((error) => problemResponse(error));
  return async (scope: string, headers: Record<string, string> = {}) => {
    const response = await app.request(`/${scope}`, { headers });
    const body = await response.json<Partial<Principal> & { readonly code?: string }>();
    return { status: response.status, code: body.code, challenge: response.headers.get("www-authenticate"), principal: body };
  };
};

const byHeader: Authenticate = ({ headers }) => {
  const name = headers.get("x-name");
  if (name === "eve") throw unauthenticated("Eve may not call.");
  return name === null ? undefined : { subject: name, scopes: ["requests:*"] };
};

test("an application's own way is asked first, also without Authorization, and AUTH need not be set", async () => {
  const ask = open({ authenticate: byHeader });
  expect(await ask("requests:sum", { "x-name": "ada" })).toMatchObject({ status: 200, principal: { subject: "ada", authtype: "unknown" } });
  expect(await ask("requests:sum")).toMatchObject({ status: 401, challenge: "Bearer" });
  expect(await ask("requests:sum", { "x-name": "eve" })).toMatchObject({ status: 401, challenge: 'Bearer error="invalid_token"' });
  expect(await ask("operator", { "x-name": "ada" })).toMatchObject({ status: 403, code: "INSUFFICIENT_SCOPE" });
});

test("whom the application does not know is anybody, where anybody may call", async () => {
  const ask = open({ authenticate: byHeader, AUTH: ["public"] });
  expect(await ask("requests:sum")).toMatchObject({ status: 200, principal: { owner: "000000000000", authtype: "unauthenticated" } });
});

test("in production nobody acts on the requests of others without credentials, and elsewhere everybody may", async () => {
  expect(await open({ AUTH: ["public"] })("operator")).toMatchObject({ status: 403 });
  expect(await open({ AUTH: ["public"], ENVIRONMENT: "development" })("operator")).toMatchObject({ status: 200 });
});

test("credentials that came without encryption are refused in production, before anybody looks at them", async () => {
  const authenticate = vi.fn(byHeader);
  expect(await open({ authenticate, isPlain: true })("requests:sum", { "x-name": "ada" })).toMatchObject({
    status: 403,
    code: "INSECURE_TRANSPORT",
  });
  expect(authenticate).not.toHaveBeenCalled();
  expect(await open({ authenticate, isPlain: true, ENVIRONMENT: "staging" })("requests:sum", { "x-name": "ada" })).toMatchObject({
    status: 200,
  });
  expect(await open({ AUTH: ["public"], isPlain: true })("requests:sum")).toMatchObject({ status: 200 });
});

test.each([
  ["a subject that is empty", { subject: "", scopes: [] }],
  ["a subject with a line break", { subject: "a\nb", scopes: [] }],
  ["a scope with a space", { subject: "ada", scopes: ["requests:sum status:read"] }],
  ["claims that do not fit into a record", { subject: "ada", scopes: [], claims: { groups: "x".repeat(5_000) } }],
])("an application that answers with %s is wrong, and its caller learns nothing of it", async (_, caller) => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(await open({ authenticate: () => caller })("requests:sum")).toMatchObject({ status: 500, code: "INTERNAL" });
  expect(told).toHaveBeenCalledOnce();
  told.mockRestore();
});

test("a subject has one tag, another one in another environment, and after its secret was rotated both", async () => {
  const tags = createOwnerTags({ secrets: [SECRET], environment: "production" });
  const { owner } = await tags("ada");
  expect(owner).toMatch(/^[0-9a-f]{12}$/);
  expect(await tags("ada")).toEqual({ owner, formerOwners: [] });
  expect((await tags("eve")).owner).not.toBe(owner);
  expect((await createOwnerTags({ secrets: [SECRET], environment: "staging" })("ada")).owner).not.toBe(owner);
  const rotated = createOwnerTags({ secrets: [{ secret: "y".repeat(32) }, SECRET], environment: "production" });
  expect(await rotated("ada")).toEqual({ owner: expect.not.stringMatching(owner), formerOwners: [owner] });
});
