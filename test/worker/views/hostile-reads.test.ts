import fc from "fast-check";
import { expect, test } from "vitest";
import { openTestViews, positionAt, sendBatch } from "../support/views.ts";

const text = fc.oneof(
  fc.constantFrom(
    "",
    "%",
    "%FF",
    "%00",
    "%2F",
    "a%2Fb",
    "..",
    "ada",
    "__proto__",
    "x".repeat(600),
    positionAt(0),
    positionAt(2 ** 53),
    "account.0.0",
    '"',
  ),
  fc.string({ unit: "grapheme", maxLength: 8 }).map((value) => encodeURIComponent(value.toWellFormed())),
);
const query = fc.array(fc.tuple(fc.constantFrom("after", "prefix", "cursor", "limit", "token"), text), { maxLength: 3 });
const field = fc.oneof(
  fc.constantFrom(`"${positionAt(0)}"`, `W/"${positionAt(0)}~2"`, '"~"', "*", "text/event-stream;q=0"),
  fc.string({ unit: "grapheme-ascii", maxLength: 9 }),
);
const headers = fc.record(
  { "if-none-match": field, "last-event-id": field, prefer: fc.constantFrom("wait=0", "wait=-1", "wait=x") },
  { requiredKeys: ["prefer"] },
);

test("whatever is asked of views, the answer says what is wrong with it", { timeout: 60_000 }, async () => {
  const views = await openTestViews();
  await views.ship([["ada", 0, { cents: 1 }]]);
  await fc.assert(
    fc.asyncProperty(fc.option(text), query, headers, async (key, asked, said) => {
      const path = `/views/${views.name}${key === null ? "" : `/${key}`}?${asked.map(([name, value]) => `${name}=${value}`).join("&")}`;
      const trimmed = Object.fromEntries(Object.entries(said).map(([name, value]) => [name, value.trim()]));
      // Nobody waits.
      const response = await views.call(path, { headers: { ...trimmed, prefer: "wait=0" } });
      expect(response.status, path).toBeLessThan(500);
      const body = await response.text();
      if (response.status >= 400) expect(JSON.parse(body)).toMatchObject({ status: response.status, code: expect.any(String) });
    }),
    { numRuns: 300 },
  );
});

test("whatever a signed batch or an action has, it is taken or refused", { timeout: 60_000 }, async () => {
  const views = await openTestViews();
  const batch = {
    view: views.name,
    version: 1,
    partition: 0,
    partitions: 1,
    generation: "x",
    fold: "y",
    from: 0,
    to: 0,
    isCaughtUp: true,
    rows: [],
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(batch)), fc.jsonValue({ maxDepth: 3 }), async (member, value) => {
      for (const body of [value, { ...batch, [member]: value }])
        expect((await sendBatch(views, JSON.stringify(body))).status).toBeLessThan(500);
      expect((await views.act(value)).status).toBe(400);
    }),
    { numRuns: 100 },
  );
});
