import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../../../client/index.ts";
import { openTestViews, positionAt, type TestViews } from "../../support/views.ts";

/** A Worker with a view, and a client of it. */
const open = async () => {
  const views = await openTestViews();
  const client = createClient({ url: "", fetch: (input, init) => views.call(String(input), init as never) as never });
  onTestFinished(() => client.close());
  return { client, views };
};

const credit = (views: TestViews, key: string, offset: number, cents: number | undefined) =>
  views.ship([[key, offset, cents === undefined ? null : { cents }]], { from: offset });

test("a client reads a row, and that there is none, and lists all", async () => {
  const { client, views } = await open();
  await views.ship([
    ["ada", 0, { cents: 5 }],
    ["bob/1", 1, { cents: 7 }],
    ["bob/2", 2, null],
  ]);
  expect(await client.view(views.name, "ada")).toEqual({ cents: 5 });
  expect(await client.view(views.name, "bob/2")).toBeUndefined();
  expect(await client.view(views.name, "eve")).toBeUndefined();
  const listed: unknown[] = [];
  for await (const one of client.views(views.name, { prefix: "bob/", after: positionAt(2) })) listed.push(one);
  expect(listed).toEqual([{ key: "bob/1", position: positionAt(1), row: { cents: 7 } }]);
});

test("a client reads what was just written, once it is there", async () => {
  const { client, views } = await open();
  await credit(views, "ada", 0, 5);
  const written = client.view(views.name, "ada", { after: positionAt(1) }).then((row) => row);
  await views.untilWaiting(1);
  await credit(views, "ada", 1, 7);
  expect(await written).toEqual({ cents: 7 });
});

test("a position of a log that was replaced is told as such", async () => {
  const { client, views } = await open();
  await credit(views, "ada", 0, 5);
  await views.ship([["ada", 0, { cents: 1 }]], { generation: "another" });
  await expect(client.view(views.name, "ada", { after: positionAt(0) })).rejects.toMatchObject({ code: "POSITION_GONE", status: 410 });
});

test("a client watches a row that comes, changes and leaves", async () => {
  const { client, views } = await open();
  await credit(views, "bob", 0, 1);
  const seen: unknown[] = [];
  for await (const row of client.view(views.name, "ada")) {
    seen.push(row);
    if (seen.length === 4) break;
    await views.untilWaiting(1);
    await credit(views, "ada", seen.length, [5, 7, undefined][seen.length - 1]);
  }
  expect(seen).toEqual([undefined, { cents: 5 }, { cents: 7 }, undefined]);
});
