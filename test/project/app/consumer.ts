import { setTimeout as delay } from "node:timers/promises";
import { context, trace } from "@opentelemetry/api";
import { defineConsumer, type RequestOf, RetryableError } from "@rejoinder/sdk/consumer";
import { contract } from "./contract.ts";

/** Its handlers. */
export default defineConsumer({
  contract,
  telemetry: { context, trace },
  handlers: {
    sum({ a, b }, { errors }) {
      const sum = a + b;
      if (!Number.isFinite(sum)) throw errors.SUM_OUT_OF_RANGE("The sum is larger than a number can be.");
      return { sum };
    },

    echo: (request) => request,

    /** The delays stand for a slow pricing system: a second and a half for each report, and a tenth of a second for each 50 lines. */
    async report({ account, lines }, { signal, errors }) {
      const months = new Map<string, Month>();
      await delay(1_500, undefined, { signal });
      for (let start = 0; start < lines.length; start += 50) {
        await delay(100, undefined, { signal });
        for (const line of lines.slice(start, start + 50)) addLine(months, line);
      }
      const cents = [...months.values()].reduce((sum, { total }) => sum + total, 0);
      if (!Number.isFinite(cents)) throw errors.TOTAL_OUT_OF_RANGE("The total is larger than a number can be.");
      const sorted = [...months].sort(([a], [b]) => a.localeCompare(b));
      return {
        account,
        total: toAmount(cents),
        months: sorted.map(([month, { total, byProduct }]) => ({
          month,
          total: toAmount(total),
          byProduct: [...byProduct].map(([product, cents]) => ({ product, total: toAmount(cents) })),
        })),
      };
    },

    async countdown({ from, everyMs }, { signal, progress, emit }) {
      for (let left = from - 1; left >= 0; left--) {
        await delay(everyMs, undefined, { signal });
        await emit({ left });
        await progress({ percent: Math.round((1 - left / from) * 100) });
      }
      return { counted: from };
    },

    flaky({ failures }, { attempt }) {
      if (attempt <= failures) throw new RetryableError("NOT_YET", `Attempt ${attempt} was to fail.`);
      return { attempt };
    },
  },
});

type Line = RequestOf<typeof contract.report>["lines"][number];
/** Amounts are in cents, which add up without rounding errors. */
type Month = { total: number; readonly byProduct: Map<string, number> };

const addLine = (months: Map<string, Month>, { date, product, quantity, unitPrice }: Line): void => {
  const name = date.slice(0, "2026-01".length);
  const month = months.get(name) ?? { total: 0, byProduct: new Map<string, number>() };
  months.set(name, month);
  const cents = Math.round(quantity * unitPrice * 100);
  month.total += cents;
  month.byProduct.set(product, (month.byProduct.get(product) ?? 0) + cents);
};

const toAmount = (cents: number): number => cents / 100;
