import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RowListBody } from "../../../protocol/view-api.ts";
import { compareKeys, shardOf } from "../../../worker/views/rules.ts";
import { shardedViews } from "../../../worker/views/sharded-views.ts";
import type { ViewStore } from "../../../worker/views/view-store.ts";
import { openTestViews, positionAt, type TestViews } from "../support/views.ts";

const pageOf = async (views: TestViews, query = "") => (await views.list(query)).json<RowListBody>();

/** The keys of all pages. */
const keysOf = async (views: TestViews, query: Record<string, string>): Promise<string[]> => {
  const keys: string[] = [];
  for (let next: string | undefined = ""; next !== undefined;) {
    const page = await pageOf(views, `?${new URLSearchParams({ ...query, ...(next !== "" && { cursor: next }) }).toString()}`);
    keys.push(...page.rows.map(({ key }) => key));
    ({ next } = page);
  }
  return keys;
};

const inOrder = (keys: readonly string[]): string[] =>
  keys.toSorted((one, other) => {
    const [a, b] = [Array.from(one, (text) => text.codePointAt(0) ?? 0), Array.from(other, (text) => text.codePointAt(0) ?? 0)];
    const index = a.findIndex((point, at) => point !== b[at]);
    return index < 0 ? a.length - b.length : (a[index] ?? 0) - (b[index] ?? -1);
  });

describe("rows of a view", () => {
  test("come in the order of their keys, page by page, with their positions, without those that left", async () => {
    const views = await openTestViews();
    await views.ship([
      ["b", 0, { cents: 1 }],
      ["a", 1, { cents: 2 }],
      ["c", 2, null],
      ["d", 3, { cents: 4 }],
    ]);
    const response = await views.list("?limit=2");
    expect(await response.json()).toEqual({
      view: views.name,
      version: 1,
      rows: [
        { key: "a", position: positionAt(1), row: { cents: 2 } },
        { key: "b", position: positionAt(0), row: { cents: 1 } },
      ],
      next: "b",
    });
    expect(response.headers.get("link")).toBe(`</views/${views.name}?limit=2&cursor=b>; rel="next"`);
    expect(await pageOf(views, "?limit=2&cursor=b")).toMatchObject({ rows: [{ key: "d" }] });
    expect((await pageOf(views, "?limit=2&cursor=b")).next).toBeUndefined();
  });

  test.each([["1"], ["4"]])("of any keys are listed whole by each prefix, from %s shards", async (shards) => {
    const views = await openTestViews({}, { variables: { VIEW_SHARDS: shards } });
    const keys = [
      ...[
        "ada/1",
        "ada/2",
        "ada",
        "adam",
        "bob/1",
        "b",
        "/",
        "//",
        "z/1/2",
        "🦊/1",
        "🦊",
        "\uffff",
        "\ue000/x",
        "é",
        "e\u0301",
        "a b",
        "%",
      ],
      ...Array.from({ length: 30 }, (_, number) => `n${number}/${number % 3}`),
    ];
    await views.ship(keys.map((key, offset) => [key, offset, { cents: offset }] as const));
    for (const prefix of ["", "ada", "ada/", "n", "n1", "n1/", "🦊", "nope", "\uffff", "/"])
      for (const limit of ["3", "1000"])
        expect(await keysOf(views, { prefix, limit })).toEqual(inOrder(keys.filter((key) => key.startsWith(prefix))));
  });

  test("are asked for by a limit, a prefix and a cursor that make sense", async () => {
    const views = await openTestViews();
    await views.ship([]);
    for (const query of ["?limit=0", "?limit=1001", "?limit=x", "?limit=1&limit=2", `?prefix=${"x".repeat(513)}`, "?cursor=%00"]) {
      const response = await views.list(query);
      expect([query, response.status, await response.json()]).toMatchObject([query, 400, { code: "INVALID_QUERY" }]);
    }
  });

  test("that a caller may not read are left out of lists, and are not there one by one", async () => {
    const views = await openTestViews({
      mayReadRow: ({ caller, view, key }) => view.startsWith("view-") && key.startsWith(`${caller.subject ?? "nobody"}/`),
    });
    const rows = ["ada/1", "ada/2", "nobody/1", "nobody/2", "zoe/1"].map((key, offset) => [key, offset, { cents: 1 }] as const);
    await views.ship(rows);
    expect(await keysOf(views, {})).toEqual(["nobody/1", "nobody/2"]);
    const page = await pageOf(views, "?limit=1");
    // The key of somebody else is not told.
    expect([page.rows.map(({ key }) => key), page.next]).toEqual([["nobody/1"], "nobody/1"]);
    expect((await views.row("nobody/1")).status).toBe(200);
    const [foreign, missing] = [await views.row("ada/1"), await views.row("nobody/7")];
    expect([foreign.status, await foreign.text()]).toEqual([missing.status, await missing.text()]);
    expect([...foreign.headers].filter(([name]) => name !== "date")).toEqual([...missing.headers].filter(([name]) => name !== "date"));
    expect((await views.row("ada/1", { accept: "text/event-stream" })).status).toBe(404);
  });

  test("of others are not searched without end", async () => {
    const views = await openTestViews({ mayReadRow: ({ key }) => key === "z" });
    for (let from = 0; from < 11_000; from += 1_000)
      await views.ship(
        Array.from({ length: 1_000 }, (_, index) => [`k${from + index}`, from + index, {}] as const),
        { from },
      );
    const response = await views.list("?limit=1000");
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: "INVALID_QUERY", detail: expect.stringContaining("prefix") },
    ]);
  });
});

test("keys are ordered as the database orders them, and what has one owner is in one shard", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "/", "\uffff", "\ue000", "🦊", "é", "퟿"), maxLength: 5 });
  fc.assert(
    fc.property(key, key, key, fc.integer({ min: 1, max: 16 }), (owner, one, other, shards) => {
      expect(Math.sign(compareKeys(one, other))).toBe(one === other ? 0 : inOrder([one, other])[0] === one ? -1 : 1);
      const shard = shardOf(`${owner}/${one}`, shards);
      expect(shard).toBe(shardOf(`${owner}/${other}`, shards));
      expect(shard).toBeGreaterThanOrEqual(0);
      expect(shard).toBeLessThan(shards);
    }),
  );
});

test("a shard that has more than it tells ends the page of all", async () => {
  const position = { partition: 0, offset: 0, generation: "" };
  const shardOfKeys = (keys: readonly string[], hasMore: boolean): ViewStore => {
    const list = async () => ({ outcome: "found", version: 1, rows: keys.map((key) => ({ key, position, row: "1" })), hasMore }) as const;
    return { list } as Partial<ViewStore> as ViewStore;
  };
  const views = shardedViews([shardOfKeys(["a", "c"], true), shardOfKeys(["b", "d"], false)]);
  const page = await views.list({ view: "balances", prefix: "", behind: "", limit: 10, waitMs: 0 });
  expect(page).toMatchObject({ rows: [{ key: "a" }, { key: "b" }, { key: "c" }], hasMore: true });
});

test("no page has rows of two versions, which shards may serve while one takes over", async () => {
  const position = { partition: 0, offset: 0, generation: "" };
  const shardOfVersions = (...versions: readonly number[]): ViewStore => {
    let calls = 0;
    const list = async () => {
      const version = versions[Math.min(calls++, versions.length - 1)] ?? 0;
      return { outcome: "found", version, rows: [{ key: "a", position, row: "1" }], hasMore: false } as const;
    };
    return { list } as Partial<ViewStore> as ViewStore;
  };
  const query = { view: "balances", prefix: "", behind: "", limit: 10, waitMs: 0 };
  expect(await shardedViews([shardOfVersions(2), shardOfVersions(1, 2)]).list(query)).toMatchObject({ outcome: "found", version: 2 });
  expect(await shardedViews([shardOfVersions(2), shardOfVersions(1)]).list(query)).toEqual({ outcome: "not-ready" });
});
