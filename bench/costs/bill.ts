import type { Counts } from "./counted/counts.ts";
import { HOURS_PER_MONTH, OBJECT_GB, PRICES } from "./prices.ts";
import type { Keeping, Usage } from "./usage.ts";

/** One thing that is billed: how much of it, and what a million times that costs, in US dollars. */
export type BillLine = { readonly name: string; readonly amount: number; readonly dollarsPerMillion: number };

export type Bill = { readonly lines: readonly BillLine[]; readonly dollarsPerMillion: number };

const { perMillion, perGbMonth } = PRICES;
const MILLION = 1_000_000;
const GB = 1_000_000_000;
const CONSUMERS_REQUEST = "POST /replies";

/** What a request and its reply cost, and keeping its status for an hour with it. */
export const billRequest = ({ counts, requests, workerdCpuMs }: Usage, keeping: Keeping): Bill => {
  const consumers = counts.workerRequests[CONSUMERS_REQUEST] ?? 0;
  return toBill([
    line("Worker requests of the caller", (sumOf(counts.workerRequests) - consumers) / requests, perMillion.workerRequests),
    line("Worker requests of the consumer", consumers / requests, perMillion.workerRequests),
    // Where it is not known it is left out, and said to be.
    ...(workerdCpuMs === undefined ? [] : [line("Worker CPU, ms", workerdCpuMs / requests, perMillion.workerCpuMs)]),
    line("object requests", callsOf(counts) / requests, perMillion.objectRequests),
    line("object duration, GB-s", ((counts.objectActiveMs / 1_000) * OBJECT_GB) / requests, perMillion.objectGbSeconds),
    ...linesOfStorage(keeping, (of) => of(counts) / requests + of(keeping.counts) / keeping.statuses),
    line("fetches to the proxy", counts.outgoingFetches / requests, perMillion.outgoingFetches),
  ]);
};

/** What keeping a status costs by itself. */
export const billKeeping = (keeping: Keeping): Bill => toBill(linesOfStorage(keeping, (of) => of(keeping.counts) / keeping.statuses));

/** What the alarms of one mailbox shard cost in a month in which it always keeps something, in US dollars. */
export const dollarsOfAlarms = ({ counts, minutes }: Keeping): number => {
  const perMinute = (counts.objectCalls["alarm"] ?? 0) * perMillion.objectRequests + counts.alarmsSet * perMillion.rowsWritten;
  return ((perMinute / minutes) * 60 * HOURS_PER_MONTH) / MILLION;
};

/** @param amountOf of a request, given where it is found in what was counted */
const linesOfStorage = (keeping: Keeping, amountOf: (of: (counts: Counts) => number) => number): BillLine[] => [
  line(
    "rows read",
    amountOf(({ rowsRead }) => rowsRead),
    perMillion.rowsRead,
  ),
  line(
    "rows written",
    amountOf(({ rowsWritten }) => rowsWritten),
    perMillion.rowsWritten,
  ),
  line(
    "GB-months stored",
    (keeping.databaseBytes / keeping.statuses / GB) * (keeping.mailboxHours / HOURS_PER_MONTH),
    perGbMonth * MILLION,
  ),
  line(
    "KV reads",
    amountOf(({ kvOperations }) => kvOperations["get"] ?? 0),
    perMillion.kvReads,
  ),
  line(
    "KV writes",
    amountOf(({ kvOperations }) => kvOperations["put"] ?? 0),
    perMillion.kvWrites,
  ),
];

/** Alarms are not of a request. */
const callsOf = ({ objectCalls }: Counts): number => sumOf(objectCalls) - (objectCalls["alarm"] ?? 0);

const sumOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** @param price of a million */
const line = (name: string, amount: number, price: number): BillLine => ({ name, amount, dollarsPerMillion: amount * price });

const toBill = (lines: readonly BillLine[]): Bill => ({
  lines,
  dollarsPerMillion: lines.reduce((sum, { dollarsPerMillion }) => sum + dollarsPerMillion, 0),
});
