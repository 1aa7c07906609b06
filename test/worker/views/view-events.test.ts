import { expect, test } from "vitest";
import { createRowEvents } from "../../../worker/routes/view-events.ts";
import type { RowQuery, ViewStore } from "../../../worker/views/view-store.ts";
import { readEvents } from "../support/events.ts";
import { openTestViews, positionAt, type TestViews } from "../support/views.ts";
import { type View } from "../../../contract/view.ts";

const open = async (views: TestViews, key: string, headers: Record<string, string> = {}, query = "") => {
  const response = await views.row(key, { accept: "text/event-stream", ...headers }, query);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const events = readEvents(response);
  expect(await events.next()).toEqual({ retry: "1000" });
  return events;
};

test("a stream tells the row at once, each change of it, when it leaves and when it comes back", async () => {
  const views = await openTestViews();
  await views.ship([["ada", 0, { cents: 1 }]]);
  const events = await open(views, "ada");
  expect(await events.next()).toEqual({ id: positionAt(0), event: "row", data: { cents: 1 } });
  const after: [number, unknown, object][] = [
    [1, { cents: 2 }, { id: positionAt(1), event: "row", data: { cents: 2 } }],
    [2, null, { id: positionAt(2), event: "removed", data: { position: positionAt(2) } }],
    [3, { cents: 4 }, { id: positionAt(3), event: "row", data: { cents: 4 } }],
  ];
  for (const [offset, row, event] of after) {
    const next = events.next();
    await views.untilWaiting(1);
    await views.ship([["ada", offset, row]], { from: offset });
    expect(await next).toEqual(event);
  }
  await events.cancel();
});

test("a stream tells that there has never been a row, and goes on when there is one", async () => {
  const views = await openTestViews();
  await views.ship([]);
  const events = await open(views, "ada");
  expect(await events.next()).toEqual({ event: "removed", data: {} });
  const next = events.next();
  await views.untilWaiting(1);
  await views.ship([["ada", 0, { cents: 1 }]]);
  expect(await next).toEqual({ id: positionAt(0), event: "row", data: { cents: 1 } });
  await events.cancel();
});

test("who comes back is not told again what has not changed", async () => {
  const views = await openTestViews();
  await views.ship([["ada", 0, { cents: 1 }]]);
  const events = await open(views, "ada", { "last-event-id": positionAt(0) });
  const next = events.next();
  await views.untilWaiting(1);
  await views.ship([["ada", 1, { cents: 2 }]], { from: 1 });
  expect(await next).toMatchObject({ id: positionAt(1) });
  await events.cancel();
  const others = await open(views, "ada", { "last-event-id": positionAt(0) });
  expect(await others.next()).toMatchObject({ id: positionAt(1) });
  await others.cancel();
  const forged = await open(views, "ada", { "last-event-id": "nonsense" });
  expect(await forged.next()).toMatchObject({ id: positionAt(1) });
  await forged.cancel();
});

test("a stream that is asked for a commit begins with it", async () => {
  const views = await openTestViews();
  await views.ship([["ada", 0, { cents: 1 }]]);
  const events = await open(views, "ada", {}, `?after=${positionAt(1)}`);
  const next = events.next();
  await views.untilWaiting(1);
  await views.ship([["ada", 1, { cents: 2 }]], { from: 1 });
  expect(await next).toMatchObject({ id: positionAt(1), data: { cents: 2 } });
  await events.cancel();
});

test("a stream tells the row of a new version, whose commit is the same", async () => {
  const views = await openTestViews({}, {}, 2);
  await views.ship([["ada", 0, { cents: 1 }]]);
  const events = await open(views, "ada");
  expect(await events.next()).toMatchObject({ id: positionAt(0) });
  const next = events.next();
  await views.untilWaiting(1);
  await views.ship([["ada", 0, { euros: 1 }]], { version: 2 });
  expect(await next).toEqual({ id: `${positionAt(0)}~2`, event: "row", data: { euros: 1 } });
  await events.cancel();
});

test("a stream says that it is there every 15 seconds, and ends after ten minutes so that its reader comes back", async () => {
  let now = 0;
  const asked: RowQuery[] = [];
  const views: Pick<ViewStore, "read"> = {
    read: async (query) => {
      asked.push(query);
      now += query.waitMs;
      return { outcome: "found", version: 1, row: "1", position: { partition: 0, offset: 0, generation: "0123456789ab" }, reached: 0 };
    },
  };
  const view = { name: "v", aggregate: "account" } as View;
  const reader = { after: undefined, lastEventId: undefined, waitsAs: "somebody" };
  const events = readEvents(await createRowEvents({ views, now: () => now })(view, "ada", reader));
  const [, row, ...rest] = await events.rest();
  expect(row).toMatchObject({ event: "row" });
  expect(rest).toEqual(Array.from(rest, () => ({ comment: "keep-alive" })));
  expect([rest.length, now]).toEqual([40, 600_000]);
});
