import { expect, test } from "vitest";
import { createHostCheck } from "../../worker/entrance.ts";
import { host } from "./hosts/cloudflare/test-host.ts";
import { call, post } from "./support/worker.ts";

const JSON_HEADERS = { "content-type": "application/json" };

test.each([
  ["a request", "POST", "/requests/sum", { headers: JSON_HEADERS, body: '{"a":1,"b":2}' }],
  ["a request that is refused", "POST", "/requests/sum", { headers: JSON_HEADERS, body: "{" }],
  ["a status that is not there", "GET", "/status/x", {}],
  ["unsigned replies", "POST", "/replies", { body: "[]" }],
  ["unsigned redrives", "POST", "/redrives", { body: "{}" }],
  ["a link that is none", "GET", "/link/0", {}],
  ["the health", "GET", "/health", {}],
  ["the contract", "GET", "/contract", {}],
  ["the consumers", "GET", "/consumers", {}],
  ["the console's page", "GET", "/", {}],
  ["the console's code", "GET", "/main.js", {}],
  ["a path where nothing is", "GET", "/nowhere", {}],
  ["a method that a path does not take", "PUT", "/health", {}],
  [
    "a page that asks whether it may call",
    "OPTIONS",
    "/requests/sum",
    { headers: { origin: "https://app.example", "access-control-request-method": "POST" } },
  ],
])("the answer to %s is taken for nothing but what it says it is", async (_, method, path, init) => {
  const { headers } = await call(path, { method, ...init });
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("a stream of events is taken for nothing else", async () => {
  const { correlationId } = await (await post("sum", { a: 1, b: 2 })).json<{ correlationId: string }>();
  const { headers, body } = await call(`/status/${correlationId}`, { headers: { accept: "text/event-stream" } });
  expect([headers.get("content-type"), headers.get("x-content-type-options")]).toEqual(["text/event-stream", "nosniff"]);
  await body?.cancel();
});

test("a browser that came by https asks by nothing else from then on", async () => {
  // On Node another process ends TLS, and says so.
  for (const path of ["/health", "/", "/nowhere"]) {
    const { headers } = await call(path, { headers: { "x-forwarded-proto": "https" } });
    expect(headers.get("strict-transport-security"), path).toBe("max-age=31536000");
  }
});

test("whoever comes by http is neither told so nor sent elsewhere", async () => {
  if (host.name === "cloudflare") return;
  const response = await call("/health", { redirect: "manual" });
  expect([response.status, response.headers.get("strict-transport-security")]).toEqual([200, null]);
});

const answers = (...hosts: string[]) => {
  const check = createHostCheck(hosts);
  // Twice, since the first answer is remembered.
  return (url: string) => check(url) && check(url);
};

test.each(["localhost", "127.0.0.1", "10.1.2.3", "[::1]", "worker", "app.localhost", "worker.default.svc.cluster.local", "api.internal"])(
  "%s can be nobody else's name, and is answered",
  (name) => {
    for (const url of [`http://${name}:8787/requests/sum`, `http://${name}`, `http://${name.toUpperCase()}/`])
      expect(answers()(url)).toBe(true);
  },
);

test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.1.2.3.nip.example", "evil.example."])(
  "%s may be anybody's name, and is answered only if it is listed",
  (name) => {
    expect(answers()(`http://${name}:8787/health`)).toBe(false);
    expect(answers("other.example", ".other.example", "example")(`http://${name}:8787/health`)).toBe(false);
    for (const allowed of [name.replace(/\.$/, ""), ".example", "*", "EVIL.example"].filter(
      (text) => text !== "EVIL.example" || name.startsWith("evil"),
    ))
      expect(answers(allowed)(`http://${name}:8787/health`)).toBe(true);
  },
);

test("however many names are made up, each is judged by itself", () => {
  const check = createHostCheck(["api.example"]);
  for (let index = 0; index < 500; index += 1) expect(check(`http://evil-${index}.example/`)).toBe(false);
  expect(check("http://api.example/")).toBe(true);
});

test("a Worker on Cloudflare checks its host only if it is told the names", async () => {
  if (host.name === "node") return;
  const statusWith = async (variables: Record<string, string>) => (await host.callOther({ variables }, "/health")).status;
  expect(await statusWith({})).toBe(200);
  expect(await statusWith({ ALLOWED_HOSTS: "localhost" })).toBe(421);
  expect(await statusWith({ ALLOWED_HOSTS: "other.example, .example" })).toBe(200);
  expect(await statusWith({ ALLOWED_HOSTS: "localhost", PUBLIC_URL: "https://api.example/base" })).toBe(200);
});
