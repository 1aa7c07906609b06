import type { Line, Result } from "../result.ts";
import type { Counts } from "./counted/counts.ts";

/**
 * What Cloudflare takes on the Workers Paid plan beyond what the plan includes, in US dollars a million: the pricing pages of Workers, Durable
 * Objects (https://developers.cloudflare.com/durable-objects/platform/pricing) and Workers KV. Subrequests to the open network are free.
 */
export const PRICES = {
  readOn: "2026-11-25",
  workerRequests: 0.3,
  workerCpuMs: 0.02,
  objectRequests: 0.15,
  objectGbSeconds: 12.5,
  rowsRead: 0.001,
  rowsWritten: 1,
  kvReads: 0.5,
  kvWrites: 5,
} as const;

/** So many messages that come in over a WebSocket are billed as one request of the object. Those that go out, and pings, are free. */
const MESSAGES_A_REQUEST = 20;

/** An object is billed for as much while it is active, whatever it takes: 128 MB. */
const OBJECT_GB = 0.128;

/** What requests and their replies made the Worker and its objects do, or what keeping their statuses did until the last one was gone. */
export type Usage = { readonly name: string; readonly requests: number; readonly counts: Counts };

/** US dollars for a million requests, by what is billed, and their `sum`. @param keeping what keeping their statuses takes, in the bill too */
export const billOf = ({ name, requests, counts }: Usage, keeping?: Usage): Line => {
  const sumOf = (names: RegExp): number => Object.entries(counts).reduce((sum, [one, count]) => (names.test(one) ? sum + count : sum), 0);
  const consumers = sumOf(/^(POST \/replies|GET \/link)$/);
  // Alarms are not of a request, and the end of a WebSocket is none.
  const objectCalls = sumOf(/^call (?!alarm$|webSocket)/) + sumOf(/^call webSocketMessage$/) / MESSAGES_A_REQUEST;
  const amounts: readonly (readonly [name: string, amount: number, price: number])[] = [
    ["requests of the caller", sumOf(/^[A-Z]+ \//) - consumers, PRICES.workerRequests],
    ["requests of the consumer", consumers, PRICES.workerRequests],
    ["CPU", counts["workerd CPU ms"] ?? 0, PRICES.workerCpuMs],
    ["object requests", objectCalls, PRICES.objectRequests],
    ["object duration", ((counts["object ms"] ?? 0) / 1_000) * OBJECT_GB, PRICES.objectGbSeconds],
    ["rows read", counts["rows read"] ?? 0, PRICES.rowsRead],
    ["rows written", counts["rows written"] ?? 0, PRICES.rowsWritten],
    ["KV reads", counts["KV get"] ?? 0, PRICES.kvReads],
    ["KV writes", counts["KV put"] ?? 0, PRICES.kvWrites],
  ];
  const kept = keeping === undefined ? {} : billOf(keeping).numbers;
  const bill = amounts.map(([what, amount, price]) => [what, (amount / requests) * price + Number(kept[what] ?? 0)] as const);
  return { name, numbers: { ...Object.fromEntries(bill), sum: bill.reduce((sum, [, dollars]) => sum + dollars, 0) } };
};

export type CountedUsage = { readonly usages: readonly Usage[]; readonly hour: Usage; readonly day: Usage };

/** @param on what keeps the records */
export const summarizeBills = (on: string, { usages, hour, day }: CountedUsage): Result => ({
  name: `what Cloudflare bills, beyond what the plan includes; counted in workerd, on ${on}`,
  tables: [
    { title: "US dollars for a million request-replies, each kept for an hour", lines: usages.map((usage) => billOf(usage, hour)) },
    { title: "US dollars for keeping a million statuses", lines: [billOf(hour), billOf(day)] },
    { title: "counted", lines: [...usages, hour, day].map(({ name, requests, counts }) => ({ name, numbers: { requests, ...counts } })) },
  ],
});
