import { describe, expect, test } from "vitest";
import type { ViewsBody } from "../../../protocol/view-api.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { as } from "../support/tokens.ts";
import { openTestViews, positionAt, type TestViews } from "../support/views.ts";

const versionsOf = async (views: TestViews) => (await (await views.call("/views")).json<ViewsBody>()).views[0];
const rowOf = async (views: TestViews) => (await views.row("ada")).json<unknown>();

describe("the versions of a view", () => {
  test("the newest is served of which all partitions were caught up once", async () => {
    const views = await openTestViews({}, {}, 2);
    const two = { partitions: 2 };
    await views.ship([["ada", 0, { cents: 1 }]], two);
    expect((await views.row("ada")).status).toBe(503);
    await views.ship([], { ...two, partition: 1 });
    expect(await rowOf(views)).toEqual({ cents: 1 });
    await views.ship([["ada", 0, { euros: 1 }]], { ...two, version: 2 });
    await views.ship([["bob", 0, { euros: 1 }]], { ...two, version: 2, partition: 1, isCaughtUp: false });
    expect(await rowOf(views)).toEqual({ cents: 1 });
    expect(await views.ship([["ada", 0, { pounds: 1 }]], { ...two, version: 3 })).toEqual({ outcome: "unknown" });
    const ready = views.row("ada", { "if-none-match": `"${positionAt(0)}"`, prefer: "wait=20" });
    await views.untilWaiting(1);
    await views.ship([], { ...two, version: 2, partition: 1, from: 1, to: 2 });
    expect([(await ready).headers.get("etag"), await (await ready).json()]).toEqual([`"${positionAt(0)}~2"`, { euros: 1 }]);
    expect(await versionsOf(views)).toEqual({
      view: views.name,
      aggregate: "account",
      contractVersion: 2,
      versions: [
        {
          version: 2,
          isServed: true,
          servedSince: expect.stringMatching(/^\d{4}-.*Z$/),
          isReady: true,
          partitions: 2,
          progress: [
            { partition: 0, next: 1, isCaughtUp: true },
            { partition: 1, next: 2, isCaughtUp: true },
          ],
        },
        {
          version: 1,
          isServed: false,
          isReady: true,
          partitions: 2,
          progress: [
            { partition: 0, next: 1, isCaughtUp: true },
            { partition: 1, next: 0, isCaughtUp: true },
          ],
        },
      ],
    });
  });

  test("a new one takes over only once it has all that callers were shown", async () => {
    const views = await openTestViews({}, {}, 2);
    const [one, two] = [{ partitions: 2 }, { partitions: 2, version: 2 }];
    await views.ship([["ada", 0, { cents: 1 }]], one);
    await views.ship([], { ...one, partition: 1 });
    await views.ship([["ada", 0, { euros: 1 }]], two);
    // In the middle of a deploy the partition is given back to a consumer of the version before.
    await views.ship([["ada", 1, { cents: 2 }]], { ...one, from: 1 });
    await views.ship([], { ...two, partition: 1 });
    expect(await rowOf(views)).toEqual({ cents: 2 });
    await views.ship([["ada", 1, { euros: 2 }]], { ...two, from: 1 });
    expect(await rowOf(views)).toEqual({ euros: 2 });
  });

  test("can be switched, dropped and rebuilt by an operator", async () => {
    const views = await openTestViews({}, {}, 2);
    await views.ship([["ada", 0, { cents: 1 }]]);
    await views.ship([["ada", 0, { euros: 1 }]], { version: 2 });
    expect((await views.act({ action: "switch", version: 1 })).status).toBe(200);
    expect(await rowOf(views)).toEqual({ cents: 1 });
    // The other one goes on, and does not take over again.
    await views.ship([["ada", 1, { euros: 2 }]], { version: 2, from: 1 });
    expect(await rowOf(views)).toEqual({ cents: 1 });
    await views.act({ action: "switch", version: 2 });
    expect(await rowOf(views)).toEqual({ euros: 2 });
    expect((await views.act({ action: "drop", version: 1 })).status).toBe(200);
    expect((await versionsOf(views))?.versions.map(({ version }) => version)).toEqual([2]);
    // Consumers of an older deployment do not fill it again.
    expect(await views.ship([["ada", 0, { cents: 1 }]])).toEqual({ outcome: "unknown" });
    expect((await views.act({ action: "rebuild", version: 2 })).status).toBe(200);
    expect((await views.row("ada")).status).toBe(503);
    expect(await views.ship([], { version: 2, from: 2, to: 2 })).toEqual({ outcome: "behind", next: 0 });
    await views.ship([["ada", 1, { euros: 3 }]], { version: 2 });
    expect(await rowOf(views)).toEqual({ euros: 3 });
  });

  test("are not served before they are ready, nor dropped while they are served", async () => {
    const views = await openTestViews({}, {}, 2);
    await views.ship([["ada", 0, { cents: 1 }]]);
    await views.ship([["ada", 0, { euros: 1 }]], { version: 2, isCaughtUp: false });
    expect(await (await views.act({ action: "switch", version: 2 })).json()).toMatchObject({ code: "VIEW_NOT_READY" });
    expect(await (await views.act({ action: "drop", version: 1 })).json()).toMatchObject({ code: "VIEW_VERSION_IN_USE" });
    expect(await (await views.act({ action: "drop", version: 7 })).json()).toMatchObject({ code: "UNKNOWN_VIEW" });
    for (const action of [null, 7, {}, { action: "switch" }, { action: "drop", version: 0.5 }])
      expect([action, (await views.act(action)).status]).toEqual([action, 400]);
  });
});

describe("who may read a view", () => {
  test("has the scope of it, or of all views; operators see its versions", async () => {
    const views = await openTestViews();
    await views.ship([["ada", 0, { cents: 1 }]]);
    for (const [scopes, status] of [
      [[`views:${views.name}`], 200],
      [["views:*"], 200],
      [["views:other"], 403],
      [["requests:*", "status:read"], 403],
    ] as const) {
      const headers = await as("ada", { scope: scopes.join(" ") });
      expect([scopes, (await views.row("ada", headers)).status, (await views.list("", headers)).status]).toEqual([scopes, status, status]);
      expect((await views.call("/views", { headers })).status).toBe(403);
      expect((await views.act({ action: "drop", version: 1 }, headers)).status).toBe(403);
    }
    const operator = await as("root", { scope: "operator" });
    expect([(await views.call("/views", { headers: operator })).status, (await views.row("ada", operator)).status]).toEqual([200, 403]);
  });
});

test("a Worker without views has none of their routes", async () => {
  expect([(await host.call("/views")).status, (await host.call("/views/balances/ada")).status]).toEqual([404, 404]);
});
