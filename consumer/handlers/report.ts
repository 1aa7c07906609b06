import { setTimeout as delay } from "node:timers/promises";
import type { operations } from "../../contract/operations.ts";
import type { RequestOf } from "../../contract/operation.ts";
import type { Handler } from "../handler.ts";

type Line = RequestOf<typeof operations.report>["lines"][number];
type Month = { total: number; readonly byProduct: Map<string, number> };

/** Lines that are priced together. */
const CHUNK = 50;
/** What the slow system takes for one chunk. */
const CHUNK_MS = 100;
/** What it takes to set up, whatever there is to price. */
const SETUP_MS = 1_500;

/**
 * Monthly totals over order lines, in cents and so without rounding errors. The waiting stands for a slow pricing system behind it:
 * a second and a half for each report and a tenth of a second for each 50 lines, during which the process serves others.
 * Stops within one chunk once the signal aborts.
 */
export const report: Handler<typeof operations.report> = async ({ account, lines }, { signal }) => {
  const months = new Map<string, Month>();
  await delay(SETUP_MS, undefined, { signal });
  for (let start = 0; start < lines.length; start += CHUNK) {
    await delay(CHUNK_MS, undefined, { signal });
    for (const line of lines.slice(start, start + CHUNK)) addLine(months, line);
  }
  const sorted = [...months].sort(([a], [b]) => a.localeCompare(b));
  return {
    account,
    total: toAmount(sorted.reduce((cents, [, { total }]) => cents + total, 0)),
    months: sorted.map(([month, { total, byProduct }]) => ({
      month,
      total: toAmount(total),
      byProduct: Object.fromEntries([...byProduct].map(([product, cents]) => [product, toAmount(cents)])),
    })),
  };
};

const addLine = (months: Map<string, Month>, { date, product, quantity, unitPrice }: Line): void => {
  const name = date.slice(0, "2026-01".length);
  const month = months.get(name) ?? { total: 0, byProduct: new Map<string, number>() };
  months.set(name, month);
  const cents = Math.round(quantity * unitPrice * 100);
  month.total += cents;
  month.byProduct.set(product, (month.byProduct.get(product) ?? 0) + cents);
};

const toAmount = (cents: number): number => cents / 100;
