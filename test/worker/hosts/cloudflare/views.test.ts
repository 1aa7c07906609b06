import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Problem } from "../../../../protocol/problem.ts";
import { defineWorker } from "../../../../worker/define-worker.ts";
import type { ViewsObject } from "../../../../worker/hosts/cloudflare/views-object.ts";
import { contractOf, openTestViews } from "../../support/views.ts";

const VIEWS = (env as unknown as { readonly VIEWS: DurableObjectNamespace<ViewsObject> }).VIEWS;

test("a Worker whose contract has views, and that has nowhere to keep them, names what to add to wrangler.toml", async () => {
  const { worker } = defineWorker({ contract: contractOf("balances") });
  const response = await worker.fetch(new Request("https://api.example/health"), { ...env, VIEWS: undefined });
  const { code, problems } = (await response.json()) as Problem & { readonly problems: readonly string[] };
  expect([response.status, code]).toEqual([500, "MISCONFIGURED"]);
  expect(problems.join("\n")).toMatch(
    /VIEWS is not bound.*\[\[durable_objects\.bindings\]\] name = "VIEWS".*new_sqlite_classes = \["Views"\]/,
  );
});

test("a batch goes to all shards, and each keeps the rows that are its own", async () => {
  const views = await openTestViews({}, { variables: { VIEW_SHARDS: "3" } });
  await views.ship(Array.from({ length: 30 }, (_, number) => [`k${number}`, number, { cents: number }] as const));
  const query = { view: views.name, prefix: "", behind: "", limit: 100, waitMs: 0 };
  const pages = await Promise.all([0, 1, 2].map((number) => VIEWS.get(VIEWS.idFromName(`views-${number}-of-3`)).list(query, {})));
  const counts = pages.map((page) => (page.outcome === "found" ? page.rows.length : 0));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30);
  expect(Math.min(...counts)).toBeGreaterThan(0);
});

test("the object has an alarm while a row is remembered that left", async () => {
  const views = await openTestViews();
  await views.ship([["ada", 0, null]]);
  expect(await runDurableObjectAlarm(VIEWS.get(VIEWS.idFromName("views-0-of-1")))).toBe(true);
});
