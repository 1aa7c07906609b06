import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createManualTime } from "../../../helpers/manual-time.ts";
import { keyOperator, makeKey } from "../../support/keys.ts";
import { newFolder, openHost } from "./open-host.ts";

const HOUR_MS = 3_600_000;

const open = async () => {
  const time = createManualTime();
  const lines: unknown[] = [];
  const write = (...line: readonly unknown[]): void => void lines.push(line);
  const directory = newFolder();
  const variables = { AUTH: "keys", REQUEST_LOG: "on", ENVIRONMENT: "production", PUBLIC_URL: "https://api.example" };
  const host = await openHost({ variables, directory, time, log: { info: write, warn: write, error: write } });
  const call = (path: string, init?: RequestInit) => fetch(host.url + path, init);
  const sum = (key: string | undefined) =>
    call("/requests/sum", {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      body: '{"a":2,"b":3}',
    });
  return { host, time, lines, directory, call, sum, operator: keyOperator(call, time.now) };
};

const refusalOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

test("whoever has a key may call, within its scopes, and nobody else", async () => {
  const { call, sum, operator } = await open();
  const { key } = await operator.create({ scopes: ["requests:sum"] });
  const accepted = await sum(key);
  expect(accepted.status).toBe(202);
  const headers = { authorization: `Bearer ${key}` };
  const denied = await call(String(accepted.headers.get("location")), { headers });
  expect(await refusalOf(denied)).toEqual([403, "INSUFFICIENT_SCOPE"]);
  expect(await refusalOf(await sum(undefined))).toEqual([401, "UNAUTHENTICATED"]);
  const refused = await sum((await makeKey("live")).key);
  expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer error="invalid_token"/);
  expect(await refusalOf(refused)).toEqual([401, "UNAUTHENTICATED"]);
});

test("the status of a request is there for each key of its subject, and for no other", async () => {
  const { call, sum, operator } = await open();
  const [one, other, stranger] = [
    await operator.create({ subject: "ada" }),
    await operator.create({ subject: "ada" }),
    await operator.create(),
  ];
  const location = String((await sum(one.key)).headers.get("location"));
  const read = async (key: string) => (await call(location, { headers: { authorization: `Bearer ${key}` } })).status;
  expect([await read(one.key), await read(other.key), await read(stranger.key)]).toEqual([202, 202, 404]);
});

test("a revoked key is refused at once, one that was rotated after its overlap, and one that ends at its end", async () => {
  const { time, sum, operator } = await open();
  const { key, view } = await operator.create();
  expect((await sum(key)).status).toBe(202);
  const next = await makeKey("live");
  await operator.done({ action: "rotate", id: view.id, key: next.made, overlapSeconds: 3_600 });
  time.advance(HOUR_MS - 1);
  expect([(await sum(key)).status, (await sum(next.key)).status]).toEqual([202, 202]);
  time.advance(1);
  expect([(await sum(key)).status, (await sum(next.key)).status]).toEqual([401, 202]);
  await operator.done({ action: "revoke", id: next.made.id });
  expect((await sum(next.key)).status).toBe(401);

  const ending = await operator.create({ expiresAt: time.now() + HOUR_MS });
  expect((await sum(ending.key)).status).toBe(202);
  time.advance(HOUR_MS);
  expect((await sum(ending.key)).status).toBe(401);
});

test("the day of a key's last use is shown, and stays so after the next start", async () => {
  const { host, time, directory, sum, operator } = await open();
  const { key, view } = await operator.create();
  expect(view).not.toHaveProperty("lastUsedOn");
  for (let call = 0; call < 3; call++) await sum(key);
  expect(await operator.done({ action: "show", id: view.id })).toMatchObject({ lastUsedOn: "2026-01-01" });
  time.advance(24 * HOUR_MS);
  await sum(key);
  expect(await operator.done({ action: "show", id: view.id })).toMatchObject({ lastUsedOn: "2026-01-02" });
  await host.close();
  const again = await openHost({ directory, time });
  const { keys } = await keyOperator((path, init) => fetch(again.url + path, init), time.now).done({ action: "list" });
  expect(keys).toEqual([{ ...view, lastUsedOn: "2026-01-02" }]);
});

test("neither its log nor its files hold a key", async () => {
  const { host, lines, directory, sum, operator } = await open();
  const { key, view } = await operator.create();
  await sum(key);
  await sum(`${key}x`);
  await operator.done({ action: "revoke", id: view.id });
  await sum(key);
  await host.close();
  const files = readdirSync(directory, { withFileTypes: true }).filter((file) => file.isFile());
  const kept = files.map(({ name }) => readFileSync(join(directory, name), "latin1")).join("");
  expect(kept).toContain(view.id);
  expect(JSON.stringify(lines)).toContain("/requests/:operation");
  for (const text of [kept, JSON.stringify(lines)]) expect(text).not.toContain(key.slice(-44));
});
