import fc from "fast-check";
import { expect, test } from "vitest";
import { report } from "../../../consumer/handlers/report.ts";
import { operations } from "../../../contract/operations.ts";
import { createContext } from "./context.ts";

const line = (date: string, product: string, quantity: number, unitPrice: number) => ({ date, product, quantity, unitPrice });

test.concurrent("adds up months and products, the months in order", async () => {
  const lines = [
    line("2026-02-02", "bolt", 40, 0.12),
    line("2026-01-15", "bolt", 100, 0.12),
    line("2026-01-20", "nut", 100, 0.05),
    line("2026-01-31", "nut", 1, 0.05),
  ];
  const reply = await report({ account: "acme", lines }, createContext("report"));
  expect(reply).toEqual({
    account: "acme",
    total: 21.85,
    months: [
      { month: "2026-01", total: 17.05, byProduct: { bolt: 12, nut: 5.05 } },
      { month: "2026-02", total: 4.8, byProduct: { bolt: 4.8 } },
    ],
  });
  expect(operations.report.reply.safeParse(reply).success).toBe(true);
});

test.concurrent("the parts of any report add up to its total, to the cent", async () => {
  const lines = fc.array(
    fc.record({
      date: fc.constantFrom("2026-01-01", "2026-02-01", "2026-12-31"),
      product: fc.constantFrom("bolt", "nut", "__proto__"),
      quantity: fc.integer({ min: 1, max: 1_000 }),
      unitPrice: fc.double({ min: 0, max: 1_000, noNaN: true }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const samples = fc.sample(lines, 50);
  const replies = await Promise.all(samples.map((sample) => report({ account: "acme", lines: sample }, createContext("report"))));
  for (const [index, reply] of replies.entries()) {
    const { total, months } = reply as Exclude<typeof reply, { reply: unknown }>;
    const cents = (amount: number) => Math.round(amount * 100);
    expect(cents(total)).toBe((samples[index] ?? []).reduce((sum, { quantity, unitPrice }) => sum + cents(quantity * unitPrice), 0));
    expect(months.reduce((sum, month) => sum + cents(month.total), 0)).toBe(cents(total));
    for (const month of months)
      expect(Object.values(month.byProduct).reduce((sum, amount) => sum + cents(amount), 0)).toBe(cents(month.total));
  }
});

test.concurrent("stops soon after its signal aborts", async () => {
  const abort = new AbortController();
  const lines = Array.from({ length: 5_000 }, () => line("2026-01-15", "bolt", 1, 1));
  const running = report({ account: "acme", lines }, createContext("report", abort.signal));
  abort.abort();
  await expect(running).rejects.toMatchObject({ name: "AbortError" });
});
