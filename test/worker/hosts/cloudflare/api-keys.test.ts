import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { contract } from "../../../project/app/contract.ts";
import { defineWorker } from "../../../../worker/define-worker.ts";
import { keyOperator, makeKey } from "../../support/keys.ts";

/** A Worker that asks for keys, in an isolate of its own as far as it remembers anything. */
const open = (variables: Readonly<Record<string, unknown>> = {}) => {
  const { worker } = defineWorker({ contract });
  const bindings = { ...env, REPLY_STORE: "kv", AUTH: "keys", ...variables };
  const call = async (path: string, init?: RequestInit): Promise<Response> =>
    worker.fetch(new Request(`https://api.example${path}`, init), bindings);
  const sum = (key?: string) =>
    call("/requests/sum", {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      body: '{"a":2,"b":3}',
    });
  return { call, sum, operator: keyOperator(call) };
};

const statusAndCode = async (response: Response) => [response.status, (await response.json<{ code?: string }>()).code];

test("whoever has a key may call, within its scopes, and nobody else", async () => {
  const { call, sum, operator } = open();
  const { key } = await operator.create({ scopes: ["requests:sum"] });
  const accepted = await sum(key);
  expect(accepted.status).toBe(202);
  const denied = await call(String(accepted.headers.get("location")), { headers: { authorization: `Bearer ${key}` } });
  expect(await statusAndCode(denied)).toEqual([403, "INSUFFICIENT_SCOPE"]);
  for (const wrong of [undefined, (await makeKey("dev")).key, key.replace("rj_dev_", "rj_live_")])
    expect(await statusAndCode(await sum(wrong))).toEqual([401, "UNAUTHENTICATED"]);
});

test("a key that was made by one isolate counts in another, and one that was revoked there is refused", async () => {
  const [one, other] = [open(), open()];
  const { key, view } = await one.operator.create();
  expect((await other.sum(key)).status).toBe(202);
  await other.operator.done({ action: "revoke", id: view.id });
  expect((await other.sum(key)).status).toBe(401);
  // Its own memory is not older than that.
  expect((await one.sum(key)).status).toBe(401);
});

test("an isolate that remembers a key reads it again after half a minute", async () => {
  let now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now);
  const [one, other] = [open(), open()];
  const { key, view } = await one.operator.create();
  expect((await one.sum(key)).status).toBe(202);
  await other.operator.done({ action: "revoke", id: view.id });
  expect((await one.sum(key)).status).toBe(202);
  now += 30_000;
  expect((await one.sum(key)).status).toBe(401);
  vi.restoreAllMocks();
});

test("the day of a key's last use is written down while nobody waits for it", async () => {
  const { sum, operator } = open();
  const { key, view } = await operator.create();
  await Promise.all([sum(key), sum(key), sum(key)]);
  const day = new Date().toISOString().slice(0, 10);
  await vi.waitFor(async () => expect((await operator.done({ action: "show", id: view.id })).lastUsedOn).toBe(day));
});

test("without a namespace for keys, AUTH=keys is refused with what to add, and so is the operator", async () => {
  const response = await open({ KEYS: undefined }).sum();
  const { code, problems } = await response.json<{ code: string; problems: string[] }>();
  expect([response.status, code, problems]).toEqual([
    500,
    "MISCONFIGURED",
    [expect.stringContaining('[[kv_namespaces]] binding = "KEYS"')],
  ]);
  const asked = await open({ KEYS: undefined, AUTH: "public" }).operator.ask({ action: "list" });
  expect(await statusAndCode(asked)).toEqual([501, "NOT_SUPPORTED"]);
});

test("the console of a Worker learns nothing of a key", async () => {
  const lines: unknown[] = [];
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation((...line) => void lines.push(line));
  const { sum, operator } = open({ REQUEST_LOG: "on" });
  const { key } = await operator.create();
  await sum(key);
  await sum(`${key}x`);
  vi.restoreAllMocks();
  expect(JSON.stringify(lines)).toContain("/requests/:operation");
  expect(JSON.stringify(lines)).not.toContain(key.slice(-44));
});
