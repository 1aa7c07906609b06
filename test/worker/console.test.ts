import { env } from "cloudflare:workers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { contract } from "../project/app/contract.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import { CONSOLE_PATHS, isConsoleOn } from "../../worker/console.ts";
import { defineWorker } from "../../worker/define-worker.ts";
import { call } from "./support/worker.ts";

const TYPES = { "/": "text/html", "/main.js": "text/javascript", "/main.css": "text/css", "/icon.svg": "image/svg+xml" } as const;

/** A Worker with other variables than the one under test. */
const callWith = (variables: object, path: string): Response | Promise<Response> =>
  defineWorker({ contract }).worker.fetch(new Request(`https://api.example${path}`), { ...env, ...variables });

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
    ["in production", { ENVIRONMENT: "production" }],
    ["where CONSOLE is off", { CONSOLE: "off" }],
    ["where wrangler.toml binds no assets", { ASSETS: undefined }],
  ])("is not there %s, like any other path", async (_, variables) => {
    for (const path of CONSOLE_PATHS) {
      const response = await callWith(variables, path);
      expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ code: "NOT_FOUND" })]);
    }
    expect((await callWith(variables, "/contract")).status).toBe(200);
  });

  test("tells the log once that it is on and has no files", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { worker } = defineWorker({ contract });
    const variables = { ...env, CONSOLE: "on", ASSETS: undefined };
    for (const path of CONSOLE_PATHS) expect((await worker.fetch(new Request(`https://api.example${path}`), variables)).status).toBe(404);
    expect(warn.mock.calls).toEqual([[expect.stringContaining("Add [assets] with binding ASSETS to wrangler.toml.")]]);
  });

  test("is there in production where CONSOLE is on", async () => {
    expect((await callWith({ ENVIRONMENT: "production", CONSOLE: "on" }, "/")).status).toBe(200);
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

  test("a CONSOLE that is neither on nor off is told", () => {
    expect(() => readWorkerConfig({ ...env, CONSOLE: "yes" }, contract)).toThrow("Expected on or off.");
  });
});
