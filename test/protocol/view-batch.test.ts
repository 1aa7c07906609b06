import fc from "fast-check";
import { expect, test } from "vitest";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_BATCH_ROWS, readViewBatch } from "../../protocol/view-batch.ts";

const BATCH = {
  view: "balances",
  version: 1,
  partition: 0,
  partitions: 2,
  generation: "0123456789ab",
  fold: "one",
  from: 3,
  to: 5,
  isCaughtUp: true,
  rows: [
    { key: "a/b 🦊", offset: 3, row: { cents: 1 } },
    { key: "b", offset: 5, row: null },
  ],
};

test("a batch is read as it was written", () => {
  expect(readViewBatch(JSON.parse(JSON.stringify(BATCH)))).toEqual(BATCH);
});

const row = (change: object) => ({ rows: [{ key: "a", offset: 3, row: 1, ...change }] });

test.each([
  [{ view: "__proto__" }, "view"],
  [{ version: 0 }, "version"],
  [{ partition: 2 }, "partition"],
  [{ partitions: 0 }, "partitions"],
  [{ generation: "0123456789abc" }, "generation"],
  [{ generation: "" }, "generation"],
  [{ fold: "" }, "fold"],
  [{ from: -1 }, "from"],
  [{ to: 2 }, "to"],
  [{ to: 2 ** 53 }, "to"],
  [{ isCaughtUp: 1 }, "isCaughtUp"],
  [{ rows: {} }, "rows"],
  [{ rows: Array.from({ length: MAX_BATCH_ROWS + 1 }, () => null) }, "rows"],
  [{ rows: [null] }, "rows[0].key"],
  [row({ key: "" }), "rows[0].key"],
  [row({ key: "\ud800" }), "rows[0].key"],
  [row({ key: "a\0" }), "rows[0].key"],
  [row({ key: "é".repeat(257) }), "rows[0].key"],
  [row({ offset: 6 }), "rows[0].offset"],
  [row({ offset: 2 }), "rows[0].offset"],
  [row({ row: undefined }), "rows[0].row"],
])("a batch with %j names what is wrong: %s", (change, member) => {
  expect(() => readViewBatch({ ...BATCH, ...change })).toThrow(`Expected ${member} to be`);
});

test("whatever comes is read or refused, and nothing else is thrown", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(BATCH)), (value, member) => {
      for (const json of [value, { ...BATCH, [member]: value }]) {
        try {
          readViewBatch(json);
        } catch (error) {
          expect(error).toBeInstanceOf(RejoinderError);
        }
      }
    }),
  );
});
