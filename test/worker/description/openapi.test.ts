import { describe, expect, test } from "vitest";
import * as z from "zod";
import { aggregate } from "../../../contract/aggregate.ts";
import { defineContract, describeContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import type { JsonSchema } from "../../../contract/schema.ts";
import { ERRORS } from "../../../protocol/errors.ts";
import { createApp } from "../../../worker/app.ts";
import type { Description } from "../../../worker/description/described-api.ts";
import { createOpenApi, describeRoutes } from "../../../worker/description/openapi.ts";
import { contract } from "../../project/app/contract.ts";
import { richContract } from "../../project/rich-contract.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { contractOf } from "../support/views.ts";
import { idsAt } from "../support/worker.ts";
import { type OpenApi, validate } from "./served-api.ts";

const bank = defineContract({
  account: aggregate({
    events: { debited: z.object({}) },
    commands: { debit: operation({ request: z.object({ account: z.string() }), reply: z.null() }) },
    id: ({ account }) => account,
  }),
});

const PUBLIC: Description = { callers: { ways: ["public"], hasAuthenticate: false } };

/** An API with every route that there is, or with the fewest. */
const open = (isWhole: boolean) =>
  createApp({
    contract,
    ids: idsAt(),
    publisher: host.mailbox,
    statuses: host.mailbox,
    shards: 1,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
    description: PUBLIC,
    ...(isWhole && {
      statusTokens: { create: () => Promise.reject(new Error("No test asks for tokens.")) },
      webhookKeys: { publicKeys: () => Promise.resolve([]) },
      protectedResource: { route: () => new Response() },
      assets: { fetch: () => Promise.reject(new Error("No test asks for files.")) },
      docs: { fetch: () => Promise.reject(new Error("No test asks for files.")) },
    }),
  });

const documentOf = async (app: ReturnType<typeof open>): Promise<OpenApi> => (await app.request("/openapi.json")).json();

/** The routes of an application as a document has them: those for requests once for each operation. */
const servedBy = (app: ReturnType<typeof open>): string[] =>
  app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/\/:(\w+)/g, "/{$1}")}`)
    .flatMap((name) =>
      name === "POST /requests/{operation}" ? Object.keys(contract).map((operation) => `POST /requests/${operation}`) : name,
    );

const describedBy = ({ paths }: OpenApi): string[] =>
  Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));

describe("every route that is served is described, and no other", () => {
  test.each([
    ["all routes", true],
    ["the fewest", false],
  ])("%s", async (_, isWhole) => {
    const app = open(isWhole);
    expect(describedBy(await documentOf(app)).toSorted()).toEqual(servedBy(app).toSorted());
  });

  test("no description is left of a route that is gone", async () => {
    const served = new Set(open(true).routes.map(({ method, path }) => `${method} ${path}`));
    expect(Object.keys(describeRoutes()).filter((name) => !served.has(name))).toEqual([]);
  });
});

test("Reply-To is described only where webhooks are on, for a request and for a batch", async () => {
  for (const [isOn, document] of [
    [true, await documentOf(open(true))],
    [false, await documentOf(open(false))],
  ] as const)
    for (const path of ["/requests/sum", "/requests:batch"]) {
      const text = JSON.stringify(document.paths[path]);
      expect([path, text.includes("parameters/Reply-To")]).toEqual([path, isOn]);
    }
});

test("every code of the library is in the list of codes, and those of HTTP on a route that answers them", async () => {
  const document = await documentOf(open(true));
  expect(document.components.schemas["ErrorCode"]).toMatchObject({ enum: Object.keys(ERRORS) });
  const limited = createOpenApi({ ...PUBLIC, contract: { ...contract, ...bank }, routes: servedRoutes(), hasLimits: true });
  const withViews = createOpenApi({
    ...PUBLIC,
    contract: contractOf("balances"),
    routes: [...servedRoutes(), { method: "GET", path: "/views" }],
    hasLimits: true,
  });
  const text = JSON.stringify([limited, withViews].map(({ paths, components, info }) => [paths, components.responses, info.description]));
  expect(Object.keys(ERRORS).filter((code) => !text.includes(code))).toEqual([]);
});

test("a command is described with If-Match, and with the headers that name its commit", () => {
  const { paths } = createOpenApi({ ...PUBLIC, contract: { ...contract, ...bank }, routes: servedRoutes(), hasLimits: false });
  const [debit, sum] = ["account.debit", "sum"].map((name) => JSON.stringify(paths[`/requests/${name}`]));
  for (const name of ["parameters/If-Match", "headers/Rejoinder-Position", "headers/Rejoinder-Aggregate-Version"])
    expect([name, debit?.includes(name), sum?.includes(name)]).toEqual([name, true, false]);
});

const servedRoutes = () => open(true).routes.filter(({ method }) => method !== "ALL");

test("each response with a problem names the status of each of its codes", async () => {
  const { components } = await documentOf(open(true));
  for (const [name, response] of Object.entries(components.responses)) {
    const codes = [...JSON.stringify(response).matchAll(/"code":\{"type":"string","enum":\[([^\]]*)\]/g)].flatMap(([, list = ""]) =>
      list.replaceAll('"', "").split(","),
    );
    expect(codes.length, name).toBeGreaterThan(0);
    for (const code of codes) expect([name, String(ERRORS[code as keyof typeof ERRORS].status)]).toEqual([name, name.split(".").at(-1)]);
  }
});

const api = (of: Parameters<typeof createOpenApi>[0]["contract"]) =>
  JSON.parse(JSON.stringify(createOpenApi({ ...PUBLIC, contract: of, routes: servedRoutes(), hasLimits: false }))) as OpenApi;

/** A schema as it stood alone: with the definitions that it refers to, under the names that they had. */
const asItStood = (document: OpenApi, name: string): unknown => {
  const { schemas } = document.components;
  const refsOf = (schema: unknown): string[] =>
    Array.from(JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g), ([, one]) => one as string);
  const found = new Set(refsOf(schemas[name]));
  for (const one of found) for (const further of refsOf(schemas[one])) found.add(further);
  // Unless it is a component under an id of its own, a schema refers to itself as the root.
  found.delete(name);
  const $defs = Object.fromEntries([...found].map((one) => [one, schemas[one]]));
  const text = JSON.stringify({ ...schemas[name], ...(found.size > 0 && { $defs }) });
  return JSON.parse(
    text
      .replaceAll(`"#/components/schemas/${name}"`, '"#"')
      .replaceAll("#/components/schemas/", "#/$defs/")
      .replaceAll(`${name}.schema`, "__schema"),
  );
};

const withoutDialect = (schema: JsonSchema): unknown => JSON.parse(JSON.stringify({ ...schema, $schema: undefined }));

describe.each([
  ["the tests' application", contract],
  ["a contract with all that there can be", richContract],
])("the schemas of %s", (_, of) => {
  test("are those of the contract, for requests, replies, errors, progress and chunks", () => {
    const document = api(of);
    for (const [name, { request, reply, progress, chunk, errors }] of Object.entries(describeContract(of))) {
      expect(asItStood(document, `${name}.request`)).toEqual(withoutDialect(request));
      expect(asItStood(document, `${name}.reply`)).toEqual(withoutDialect(reply));
      if (progress) expect(asItStood(document, `${name}.progress`)).toEqual(withoutDialect(progress));
      if (chunk) expect(asItStood(document, `${name}.chunk`)).toEqual(withoutDialect(chunk));
      for (const [code, { status, data }] of Object.entries(errors)) {
        expect(document.components.schemas[`${name}.error.${code}`]).toMatchObject({
          properties: { status: { const: status }, code: { const: code } },
        });
        if (data) expect(asItStood(document, `${name}.error.${code}.data`)).toEqual(withoutDialect(data));
      }
    }
  });
});

describe("an operation's errors", () => {
  const document = api(richContract);
  const problem = (status: number, code: string, data?: object) => ({
    type: "about:blank",
    title: "T",
    status,
    code,
    ...(data && { data }),
  });
  const schemaOf = (status: number): object => {
    const response = document.components.responses[`request.pay.${status}`] as { content: Record<string, { schema: object }> };
    return response.content["application/problem+json"]?.schema as object;
  };

  test("are those of its contract, with their data, beside those of the library", () => {
    expect(validate(document, schemaOf(402), problem(402, "TOO_POOR", { missing: { amount: 1, currency: "EUR" } })).valid).toBe(true);
    expect(validate(document, schemaOf(402), problem(402, "TOO_POOR", { missing: 1 })).valid).toBe(false);
    expect(validate(document, schemaOf(402), problem(402, "TOO_POOR")).valid).toBe(false);
    expect(validate(document, schemaOf(404), problem(404, "NO_ACCOUNT")).valid).toBe(true);
    expect(validate(document, schemaOf(404), problem(404, "ACCOUNT_CLOSED", { closedAt: "2026-01-31T08:00:00Z" })).valid).toBe(true);
    expect(validate(document, schemaOf(503), problem(503, "BANK_BUSY")).valid).toBe(true);
    expect(validate(document, schemaOf(503), problem(503, "OVERLOADED")).valid).toBe(true);
    expect(validate(document, schemaOf(503), problem(503, "ELSE")).valid).toBe(false);
  });
});

describe("who may call", () => {
  const securityOf = (callers: Description["callers"]) => {
    const { paths, components } = createOpenApi({ callers, contract, routes: servedRoutes(), hasLimits: false }) as unknown as OpenApi;
    const operation = (path: string, method: string) => paths[path]?.[method]?.security;
    return { schemes: Object.keys(components.securitySchemes), operation };
  };

  test("is anybody where AUTH is public", () => {
    const { schemes, operation } = securityOf({ ways: ["public"], hasAuthenticate: false });
    expect(schemes).toEqual(["statusToken", "statusTokenInQuery", "signature"]);
    expect(operation("/requests/sum", "post")).toEqual([{}]);
  });

  test("is whoever has a key or a token of the scope, where AUTH says so", () => {
    const { schemes, operation } = securityOf({ ways: ["keys", "jwt"], issuer: "https://issuer.example", hasAuthenticate: false });
    expect(schemes).toEqual(["apiKey", "jwt", "statusToken", "statusTokenInQuery", "signature"]);
    expect(operation("/requests/sum", "post")).toEqual([{ apiKey: ["requests:sum"] }, { jwt: ["requests:sum"] }]);
    expect(operation("/status/{correlationId}", "get")).toContainEqual({ statusTokenInQuery: ["status:read"] });
    expect(operation("/dead-letters", "get")).toEqual([{ apiKey: ["operator"] }, { jwt: ["operator"] }]);
    expect([operation("/replies", "post"), operation("/health", "get")]).toEqual([[{ signature: [] }], [{}]]);
  });

  test("is whoever the application knows", () => {
    expect(securityOf({ ways: [], hasAuthenticate: true }).operation("/requests/sum", "post")).toEqual([{ credentials: ["requests:sum"] }]);
  });
});
