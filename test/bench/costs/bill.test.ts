import { expect, test } from "vitest";
import { type Bill, billKeeping, billRequest, dollarsOfAlarms } from "../../../bench/costs/bill.ts";
import { formatBills, summarizeBills } from "../../../bench/costs/bill-result.ts";
import { type Counts, createCounts } from "../../../bench/costs/counted/counts.ts";
import type { Keeping, Usage } from "../../../bench/costs/usage.ts";

const usage = (counts: Partial<Counts>, workerdCpuMs: number | undefined = 1_000): Usage => ({
  mode: "wait",
  connections: 32,
  requests: 1_000,
  counts: { ...createCounts(), workerRequests: { "POST /requests": 1_000, "POST /replies": 100 }, ...counts },
  workerdCpuMs,
});

const keeping = (counts: Partial<Counts>): Keeping => ({
  retention: "an hour",
  mailboxHours: 1,
  minutes: 60,
  statuses: 2_000,
  counts: { ...createCounts(), ...counts },
  databaseBytes: 2_000 * 720,
});

const dollarsOf = ({ lines }: Bill, name: string): number | undefined => lines.find((line) => line.name === name)?.dollarsPerMillion;

test("requests of the caller and of the consumer are told apart", () => {
  const bill = billRequest(usage({}), keeping({}));
  expect(dollarsOf(bill, "Worker requests of the caller")).toBeCloseTo(0.3);
  expect(dollarsOf(bill, "Worker requests of the consumer")).toBeCloseTo(0.03);
  expect(dollarsOf(bill, "Worker CPU, ms")).toBeCloseTo(0.02);
});

test("each call of an object is a request of its own, and an alarm is nobody's", () => {
  const bill = billRequest(usage({ objectCalls: { request: 1_000, deliver: 100, alarm: 7 }, objectActiveMs: 10_000 }), keeping({}));
  expect(dollarsOf(bill, "object requests")).toBeCloseTo(1.1 * 0.15);
  expect(dollarsOf(bill, "object duration, GB-s")).toBeCloseTo(0.00128 * 12.5);
});

test("a row is written when the reply comes, and once more when its time is over", () => {
  const bill = billRequest(usage({ rowsWritten: 1_000 }), keeping({ rowsWritten: 2_000, rowsRead: 240_000 }));
  expect(dollarsOf(bill, "rows written")).toBeCloseTo(2);
  expect(dollarsOf(bill, "rows read")).toBeCloseTo(0.12);
});

test("what KV takes is what keeping for long costs", () => {
  expect(dollarsOf(billKeeping(keeping({ kvOperations: { put: 2_000 } })), "KV writes")).toBeCloseTo(5);
});

test("bytes are billed for as long as they are in the mailbox", () => {
  // 720 bytes for one of 720 hours are one byte-month.
  expect(dollarsOf(billKeeping(keeping({})), "GB-months stored")).toBeCloseTo(0.0002, 6);
});

test("an alarm a minute is a request and a row", () => {
  expect(dollarsOfAlarms(keeping({ objectCalls: { alarm: 60 }, alarmsSet: 60 }))).toBeCloseTo((60 * 720 * 1.15) / 1_000_000);
});

test("the sum is that of the lines, and processor time that is not known is no line", () => {
  for (const bill of [
    billRequest(usage({ rowsWritten: 5 }), keeping({})),
    billRequest({ ...usage({}), workerdCpuMs: undefined }, keeping({})),
  ])
    expect(bill.dollarsPerMillion).toBeCloseTo(bill.lines.reduce((sum, { dollarsPerMillion }) => sum + dollarsPerMillion, 0));
  expect(dollarsOf(billRequest({ ...usage({}), workerdCpuMs: undefined }, keeping({})), "Worker CPU, ms")).toBeUndefined();
});

test("the table has a column for each load and a line for each thing that is billed", () => {
  const counted = { usages: [usage({}), { ...usage({}), mode: "poll" as const }], keepings: [keeping({ rowsWritten: 2_000 })] };
  const lines = formatBills(summarizeBills("here", counted)).split("\n");
  expect(lines.find((line) => line.startsWith("dollars a million"))).toMatch(/wait, 32 +poll, 32$/);
  expect(lines.find((line) => line.startsWith("  Worker requests of the consumer") && line.includes("$"))).toMatch(/\$0\.030 +\$0\.030$/);
  expect(() => summarizeBills("here", { ...counted, keepings: [] })).toThrow(TypeError);
});
