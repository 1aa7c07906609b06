import { describe, expect, test } from "vitest";
import { CONSOLE_PATHS, isConsoleOn } from "../../worker/console.ts";
import { host } from "./hosts/cloudflare/test-host.ts";
import { call } from "./support/worker.ts";

const TYPES = { "/": "text/html", "/main.js": "text/javascript", "/main.css": "text/css", "/icon.svg": "image/svg+xml" } as const;

describe("the console", () => {
  test.each(Object.entries(TYPES))("is served at %s as %s", async (path, type) => {
    const response = await call(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain(type);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  test("has one address for its page", async () => {
    const response = await call("/index.html", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([307, "/"]);
  });

  test("may load and ask what is of its own origin, and be framed by nobody", async () => {
    const { headers } = await call("/");
    const policy = headers.get("content-security-policy")?.split("; ");
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy?.join()).not.toContain("unsafe");
    expect([headers.get("x-content-type-options"), headers.get("referrer-policy")]).toEqual(["nosniff", "no-referrer"]);
  });

  test("is not sent again to a browser that has it", async () => {
    const etag = (await call("/main.js")).headers.get("etag") ?? "";
    expect(etag).not.toBe("");
    expect((await call("/main.js", { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  test("takes GET and HEAD only", async () => {
    expect((await call("/", { method: "HEAD" })).status).toBe(200);
    const response = await call("/", { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("is nothing else that looks like one of its files", async () => {
    for (const path of ["/main-js", "/mainxjs", "/main.js.map", "/console"]) expect((await call(path)).status, path).toBe(404);
  });

  test.each([
    ["in production", { variables: { ENVIRONMENT: "production" } }],
    ["where CONSOLE is off", { variables: { CONSOLE: "off" } }],
    ["where the host has no files of it", { hasConsoleFiles: false }],
  ])("is not there %s, like any other path", async (_, other) => {
    for (const path of CONSOLE_PATHS) {
      const response = await host.callOther(other, path);
      expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ code: "NOT_FOUND" })]);
    }
    expect((await host.callOther(other, "/contract")).status).toBe(200);
  });

  test("is there in production where CONSOLE is on", async () => {
    expect((await host.callOther({ variables: { ENVIRONMENT: "production", CONSOLE: "on" } }, "/")).status).toBe(200);
  });

  test.each([
    [undefined, "development", true],
    [undefined, "staging", true],
    [undefined, "production", false],
    ["on", "production", true],
    ["off", "development", false],
  ] as const)("CONSOLE %s in %s: on is %s", (CONSOLE, ENVIRONMENT, isOn) => {
    expect(isConsoleOn({ CONSOLE, ENVIRONMENT })).toBe(isOn);
  });

  test("a CONSOLE that is neither on nor off is told", async () => {
    expect(await host.problemsOf({ variables: { CONSOLE: "yes" } })).toEqual(["CONSOLE: Expected on or off."]);
  });
});
