import { describe, expect, test } from "vitest";
import { DOCS_PATHS } from "../../worker/docs.ts";
import { host } from "./hosts/cloudflare/test-host.ts";
import { call } from "./support/worker.ts";

const TYPES = { "/docs": "text/html", "/docs?messages": "text/html", "/docs.js": "text/javascript", "/docs.css": "text/css" } as const;

describe("the reference of the API", () => {
  test.each(Object.entries(TYPES))("is served at %s as %s", async (path, type) => {
    const response = await call(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain(type);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  test("has one address for its page", async () => {
    const response = await call("/docs.html", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([307, "/docs"]);
  });

  test("may load and ask what is of its own origin, run no text as code, and be framed by nobody", async () => {
    const { headers } = await call("/docs");
    const policy = headers.get("content-security-policy")?.split("; ");
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]),
    );
    expect([headers.get("x-content-type-options"), headers.get("referrer-policy")]).toEqual(["nosniff", "no-referrer"]);
  });

  test("is there in production, where the console is not", async () => {
    const production = { variables: { ENVIRONMENT: "production" } };
    expect((await host.callOther(production, "/docs")).status).toBe(200);
    expect((await host.callOther(production, "/")).status).toBe(404);
  });

  test.each([
    ["where DOCS is off", { variables: { DOCS: "off" } }],
    ["where the host has no files of it", { hasConsoleFiles: false }],
  ])("is not there %s, like any other path", async (_, other) => {
    for (const path of DOCS_PATHS) expect((await host.callOther(other, path)).status, path).toBe(404);
  });

  test("a DOCS that is neither on nor off is told", async () => {
    expect(await host.problemsOf({ variables: { DOCS: "yes" } })).toEqual(["DOCS: Expected on or off."]);
  });
});
