import { describe, expect, test } from "vitest";
import { DOCUMENTS } from "../../../worker/description/described-api.ts";
import type { OpenApi } from "../description/served-api.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { call } from "../support/worker.ts";

const PATHS = Object.values(DOCUMENTS).map(({ path }) => path);

describe("the documents", () => {
  test.each(Object.values(DOCUMENTS))("are at $path as $type", async ({ path, type }) => {
    const response = await call(path);
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([200, type, "no-cache"]);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Object.keys(await response.json<object>()).length).toBeGreaterThan(0);
  });

  test.each(["/openapi.json", "/asyncapi.json"])("%s is not sent again to whoever has it", async (path) => {
    const etag = (await call(path)).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{16}"$/);
    const response = await call(path, { headers: { "if-none-match": etag } });
    expect([response.status, await response.text()]).toEqual([304, ""]);
  });

  test("may be read by pages of allowed origins, as tools are", async () => {
    for (const path of PATHS) {
      const response = await call(path, { headers: { origin: "https://app.example" } });
      expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    }
  });

  test("are there in production, and name where the API is", async () => {
    const other = { variables: { ENVIRONMENT: "production", PUBLIC_URL: "https://api.example/" } };
    const openapi = await (await host.callOther(other, "/openapi.json")).json<OpenApi>();
    expect(openapi.servers).toEqual([{ url: "https://api.example" }]);
    // There is no console there, so nothing is told of what it asks.
    expect(Object.keys(openapi.paths).filter((path) => path.startsWith("/dead-letters"))).toEqual([]);
  });

  test("are nowhere where DOCS is off", async () => {
    for (const path of PATHS) {
      const response = await host.callOther({ variables: { DOCS: "off" } }, path);
      expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([404, "NOT_FOUND"]);
    }
  });

  test("a DOCS that is neither on nor off is told", async () => {
    expect(await host.problemsOf({ variables: { DOCS: "yes" } })).toEqual(["DOCS: Expected on or off."]);
  });
});

test("the API catalog leads to the documents and to the health of the API, also by HEAD", async () => {
  const response = await call("/.well-known/api-catalog");
  const { linkset } = await response.json<{
    linkset: { anchor: string; "service-desc": { href: string }[]; status: { href: string }[] }[];
  }>();
  expect(linkset).toHaveLength(1);
  for (const { href } of [...(linkset[0]?.["service-desc"] ?? []), ...(linkset[0]?.status ?? [])]) {
    expect(href.startsWith(linkset[0]?.anchor ?? "no anchor")).toBe(true);
    expect((await call(new URL(href).pathname)).status).toBe(200);
  }
  const head = await call("/.well-known/api-catalog", { method: "HEAD" });
  expect(head.headers.get("link")).toBe('</.well-known/api-catalog>; rel="api-catalog"');
});
