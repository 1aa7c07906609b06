import { expect, test } from "vitest";
import type { Plans } from "../../../../worker/limits/plans.ts";
import { deliver, replyTo } from "../../support/replies.ts";
import { newFolder, openHost } from "./open-host.ts";

const open = (plans: Plans, directory = newFolder(), variables: Record<string, string> = {}) => openHost({ plans, directory, variables });

const post = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/requests/sum`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: '{"a":2,"b":3}' });

test("a quota is never passed by many at once, and outlives the process", async () => {
  const plans: Plans = { default: { quota: { requests: 20, per: "month" } } };
  const directory = newFolder();
  const host = await open(plans, directory);
  const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await post(host.url)).status));
  expect(statuses.filter((status) => status === 202)).toHaveLength(20);
  await host.close();
  const again = await open(plans, directory);
  expect((await post(again.url)).status).toBe(429);
});

test("bursts of anonymous callers are counted by the address that the proxy says", async () => {
  const plans: Plans = { default: { burst: { requests: 1, seconds: 60 } } };
  const { url } = await open(plans, newFolder(), { CLIENT_ADDRESS_HEADER: "X-Forwarded-For" });
  const from = async (addresses: string) => (await post(url, { "x-forwarded-for": addresses })).status;
  // What a caller writes before it does not count.
  expect([await from("203.0.113.9, 192.0.2.1"), await from("203.0.113.8, 192.0.2.1"), await from("192.0.2.2")]).toEqual([202, 429, 202]);
});

test("a request that has ended makes room for another", async () => {
  const { url } = await open({ default: { concurrent: 1 } });
  const first = await post(url);
  expect([first.status, (await post(url)).status]).toEqual([202, 429]);
  const id = String(first.headers.get("location")).split("/").at(-1) as string;
  await deliver([replyTo(id)], { to: (path, init) => fetch(url + path, init) });
  expect([(await post(url)).status, (await post(url)).status]).toEqual([202, 429]);
});

test("a plan that is wrong is told at the start", async () => {
  await expect(open({ default: { concurrent: 0 } })).rejects.toThrow("plans.default.concurrent");
});
