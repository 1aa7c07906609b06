import { expect, test } from "vitest";
import { createSettlementRecord, readSettlementRecord, type Settlement } from "../../protocol/dead-letter-settlement.ts";

const PLACE = { topic: "requests-dlt", partition: 2 };
const LETTER = { ...PLACE, offset: 17 };
const SETTLEMENT: Settlement = { action: "redriven", correlationId: "id", at: "2026-11-28T01:00:00.000Z" };

/** The record as it is read again. */
const stored = (record: ReturnType<typeof createSettlementRecord>, at = PLACE) => ({
  ...at,
  offset: 20,
  timestamp: 0,
  key: null,
  ...record,
});

test("who reads a settlement learns of which letter it is, and what was done", () => {
  expect(readSettlementRecord(stored(createSettlementRecord(LETTER, SETTLEMENT)))).toEqual({ offset: 17, settlement: SETTLEMENT });
});

test("it is read from bytes as from text", () => {
  const { value, headers } = createSettlementRecord(LETTER, { action: "dropped", at: SETTLEMENT.at });
  const bytes = {
    value: Buffer.from(value),
    headers: headers.map((header) => ({ key: header.key, value: Buffer.from(header.value) })),
  };
  expect(readSettlementRecord({ ...stored({ value, headers }), ...bytes })).toEqual({
    offset: 17,
    settlement: { action: "dropped", at: SETTLEMENT.at },
  });
});

test.each<[string, Partial<ReturnType<typeof createSettlementRecord>>, typeof PLACE]>([
  ["of a letter in another partition", {}, { ...PLACE, partition: 1 }],
  ["without a header", { headers: [] }, PLACE],
  ["of a place that is none", { headers: [{ key: "rejoinder-settles", value: "requests-dlt/2/x" }] }, PLACE],
  ["that is no JSON", { value: "redriven" }, PLACE],
  ["with an action that nobody knows", { value: '{"action":"sold","at":"2026-11-28T01:00:00.000Z"}' }, PLACE],
])("a record %s settles nothing", (_, parts, at) => {
  expect(readSettlementRecord(stored({ ...createSettlementRecord(LETTER, SETTLEMENT), ...parts }, at))).toBeUndefined();
});
