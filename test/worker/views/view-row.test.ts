import { describe, expect, test } from "vitest";
import { GENERATION, openTestViews, positionAt } from "../support/views.ts";

const WAIT = { prefer: "wait=20" };

describe("a row of a view", () => {
  test("is its JSON, with where its commit is and how far the edge is", async () => {
    const views = await openTestViews();
    expect(await views.ship([["ada", 3, { cents: 5 }]], { to: 8 })).toMatchObject({ outcome: "stored" });
    const response = await views.row("ada");
    expect([response.status, await response.text()]).toEqual([200, '{"cents":5}']);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("etag")).toBe(`"${positionAt(3)}"`);
    expect(response.headers.get("rejoinder-position")).toBe(positionAt(7));
  });

  test("is unknown without a trace if it has never been, and tells where it left", async () => {
    const views = await openTestViews();
    await views.ship([
      ["ada", 1, { cents: 5 }],
      ["bob", 2, null],
    ]);
    const never = await views.row("eve");
    expect([never.status, await never.json()]).toMatchObject([404, { code: "VIEW_ROW_NOT_FOUND" }]);
    expect(never.headers.get("etag")).toBeNull();
    const left = await views.row("bob");
    expect([left.status, await left.json()]).toMatchObject([404, { code: "VIEW_ROW_NOT_FOUND", position: positionAt(2) }]);
    expect(left.headers.get("etag")).toBe(`"${positionAt(2)}"`);
  });

  test.each(["a/b", "ä ö/ü", "🦊", "%2F", "?#&=", "a\nb", ".a", "é".repeat(256)])("has any key: %j", async (key) => {
    const views = await openTestViews({}, { variables: { VIEW_SHARDS: "3" } });
    await views.ship([[key, 0, { cents: 1 }]]);
    expect(await (await views.row(key)).json()).toEqual({ cents: 1 });
    expect(await (await views.list()).json()).toMatchObject({ rows: [{ key }] });
  });

  test.each(["%FF", "%ED%A0%80", "%00", "%", "x".repeat(513)])("has no key such as %s", async (text) => {
    const views = await openTestViews();
    const response = await views.call(`/views/${views.name}/${text}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code: "INVALID_QUERY" }]);
  });

  test("is not read of a view that there is not, or that has not caught up", async () => {
    const views = await openTestViews();
    expect((await views.call("/views/nope/ada")).status).toBe(404);
    expect((await views.call("/views/__proto__/ada")).status).toBe(404);
    for (const isCaughtUp of [undefined, false]) {
      if (isCaughtUp === false) await views.ship([["ada", 0, { cents: 1 }]], { isCaughtUp });
      const response = await views.row("ada");
      expect([response.status, await response.json()]).toMatchObject([503, { code: "VIEW_NOT_READY", retryable: true }]);
      expect(response.headers.get("retry-after")).toBe("1");
    }
    await views.ship([], { from: 1, to: 2 });
    expect((await views.row("ada")).status).toBe(200);
  });

  test("is not sent again to who has it, and waits for a newer one", async () => {
    const views = await openTestViews();
    await views.ship([["ada", 0, { cents: 1 }]]);
    const known = { "if-none-match": `W/"${positionAt(0)}"` };
    const same = await views.row("ada", known);
    expect([same.status, await same.text(), same.headers.get("etag")]).toEqual([304, "", `"${positionAt(0)}"`]);
    const waiting = views.row("ada", { ...known, ...WAIT });
    await views.untilWaiting(1);
    await views.ship([["bob", 1, { cents: 1 }]], { from: 1 });
    await views.ship([["ada", 2, { cents: 3 }]], { from: 2 });
    const newer = await waiting;
    expect([newer.status, await newer.json(), newer.headers.get("preference-applied")]).toEqual([200, { cents: 3 }, "wait=20"]);
  });

  test("is waited for until there is one", async () => {
    const views = await openTestViews();
    await views.ship([]);
    const waiting = views.row("ada", WAIT);
    await views.untilWaiting(1);
    await views.ship([["ada", 0, { cents: 1 }]]);
    expect((await waiting).status).toBe(200);
  });
});

describe("what a command has done", () => {
  test("is seen once the edge has its commit, even if that changed another row", async () => {
    const views = await openTestViews();
    await views.ship([["ada", 0, { cents: 1 }]]);
    expect((await views.row("ada", {}, `?after=${positionAt(0)}`)).status).toBe(200);
    const waiting = [views.row("ada", {}, `?after=${positionAt(4)}`), views.list(`?after=${positionAt(4)}`, WAIT)];
    await views.untilWaiting(2);
    // Rows that changed again may still be missing.
    await views.ship([["bob", 1, { cents: 2 }]], { from: 1, to: 5, isCaughtUp: false });
    await views.untilWaiting(2);
    await views.ship([["ada", 4, { cents: 9 }]], { from: 4 });
    const [row, list] = await Promise.all(waiting);
    expect(await row?.json()).toEqual({ cents: 9 });
    expect(await list?.json()).toMatchObject({ rows: [{ key: "ada", position: positionAt(4), row: { cents: 9 } }, { key: "bob" }] });
  });

  test("is told to be on its way if it takes longer", async () => {
    const views = await openTestViews();
    await views.ship([["ada", 0, { cents: 1 }]]);
    for (const response of await Promise.all([
      views.row("ada", { prefer: "wait=0" }, `?after=${positionAt(1)}`),
      views.list(`?after=${positionAt(1)}`, { prefer: "wait=0" }),
    ])) {
      expect([response.status, await response.json()]).toEqual([202, { view: views.name, after: positionAt(1) }]);
      expect(response.headers.get("retry-after")).toBe("1");
    }
  });

  test.each([
    ["nonsense", 400, "INVALID_QUERY"],
    [`other.0.0.${GENERATION}`, 400, "INVALID_QUERY"],
    [`account.1.0.${GENERATION}`, 400, "INVALID_QUERY"],
    ["account.0.0.another", 410, "POSITION_GONE"],
    [`${positionAt(0)}&after=${positionAt(0)}`, 400, "INVALID_QUERY"],
  ])("cannot be found by %s", async (after, status, code) => {
    const views = await openTestViews();
    await views.ship([["ada", 0, { cents: 1 }]]);
    for (const response of [
      await views.row("ada", { prefer: "wait=0" }, `?after=${after}`),
      await views.list(`?after=${after}`, { prefer: "wait=0" }),
    ])
      expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  test("is gone with the log that it was in, and nobody waits for it", async () => {
    const views = await openTestViews();
    await views.ship([["ada", 7, { cents: 1 }]]);
    expect(await views.ship([["bob", 3, { cents: 1 }]], { generation: "another", from: 2 })).toEqual({ outcome: "behind", next: 0 });
    expect(await views.ship([["bob", 3, { cents: 1 }]], { generation: "another" })).toMatchObject({ outcome: "stored" });
    expect((await views.row("ada")).status).toBe(404);
    expect(await (await views.row("bob", WAIT, `?after=${positionAt(7)}`)).json()).toMatchObject({ code: "POSITION_GONE" });
    // Nobody knows yet what it is of.
    const waiting = views.row("bob", WAIT, "?after=account.0.0.newest");
    await views.untilWaiting(1);
    await views.ship([["bob", 0, { cents: 2 }]], { generation: "newest" });
    expect(await (await waiting).json()).toEqual({ cents: 2 });
  });
});
