import { alignColumns } from "../table.ts";
import { type Bill, billKeeping, billRequest, dollarsOfAlarms } from "./bill.ts";
import { OBJECT_GB, PRICES } from "./prices.ts";
import type { Keeping, Usage, UsageResult } from "./usage.ts";

export type BillResult = {
  readonly name: "counted Cloudflare operations";
  readonly on: string;
  readonly prices: typeof PRICES;
  /** In US dollars a million request-replies. */
  readonly bills: readonly (Pick<Usage, "mode" | "connections" | "requests"> & Bill)[];
  readonly keepings: readonly (Pick<Keeping, "retention" | "statuses"> & Bill)[];
  readonly alarmDollarsPerShardMonth: number;
  readonly counted: UsageResult;
};

/** @throws TypeError if what an hour's keeping takes was not counted. */
export const summarizeBills = (on: string, counted: UsageResult): BillResult => {
  const hour = counted.keepings.find(({ retention }) => retention === "an hour");
  if (hour === undefined) throw new TypeError("Expected keeping for an hour to be counted");
  return {
    name: "counted Cloudflare operations",
    on,
    prices: PRICES,
    bills: counted.usages.map((usage) => {
      const { mode, connections, requests } = usage;
      return { mode, connections, requests, ...billRequest(usage, hour) };
    }),
    keepings: counted.keepings.map((keeping) => ({ retention: keeping.retention, statuses: keeping.statuses, ...billKeeping(keeping) })),
    alarmDollarsPerShardMonth: dollarsOfAlarms(hour),
    counted,
  };
};

/** How long a caller waits, and how many there are, is what duration depends on; so this stands beside the table. */
const SECOND_DOLLARS = OBJECT_GB * PRICES.perMillion.objectGbSeconds;

export const formatBills = ({ on, bills, keepings, alarmDollarsPerShardMonth }: BillResult): string =>
  [
    `what Cloudflare bills for a million request-replies, US dollars, beyond what the plan includes; counted in workerd, ${on}`,
    `prices of ${PRICES.readOn}; wait: one POST that waits; poll: POST, then GET after Retry-After`,
    "",
    alignColumns([
      ["counted for one", ...bills.map(headOf)],
      ...(bills[0]?.lines ?? []).map(({ name }, index) => [
        `  ${name}`,
        ...bills.map(({ lines }) => formatAmount(lines[index]?.amount ?? 0)),
      ]),
      ["dollars a million", ...bills.map(headOf)],
      ...(bills[0]?.lines ?? []).map(({ name }, index) => [
        `  ${name}`,
        ...bills.map(({ lines }) => formatDollars(lines[index]?.dollarsPerMillion ?? 0)),
      ]),
      ["  sum", ...bills.map(({ dollarsPerMillion }) => formatDollars(dollarsPerMillion))],
    ]),
    "",
    ...keepings.map(
      ({ retention, dollarsPerMillion, lines }) =>
        `keeping a million statuses for ${retention}: ${formatDollars(dollarsPerMillion)} (${lines.map(({ name, dollarsPerMillion: dollars }) => `${name} ${formatDollars(dollars)}`).join(", ")})${retention === "an hour" ? ", in the sums above" : ""}`,
    ),
    `alarms of a mailbox shard that always keeps something: ${formatDollars(alarmDollarsPerShardMonth)} a month`,
    `assumed: CPU is that of all of workerd on this machine; an object's duration is the time in which a call was in it, here, and each second that callers keep a shard waiting adds ${formatDollars(SECOND_DOLLARS)} a million, shared by all who wait in it; handlers that take less than 250 ms, which send no progress`,
  ].join("\n");

const headOf = ({ mode, connections }: Pick<Usage, "mode" | "connections">): string => `${mode}, ${connections}`;

const formatAmount = (amount: number): string => (amount === 0 ? "0" : amount < 0.001 ? amount.toExponential(1) : amount.toFixed(3));

const formatDollars = (dollars: number): string => `$${dollars.toFixed(3)}`;
