import * as z from "zod";
import { defineContract } from "./contract.ts";
import { defineOperation } from "./operation.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** The sum of two numbers: the example that everybody knows from Spring's tutorial. */
const sum = defineOperation({
  name: "sum",
  request: z.strictObject({ a: z.number(), b: z.number() }).meta({ examples: [{ a: 2, b: 3 }] }),
  reply: z.strictObject({ sum: z.number() }),
  deadlineSeconds: 30,
  retentionSeconds: HOUR,
});

/** Any JSON, sent back as it came. */
const echo = defineOperation({
  name: "echo",
  request: z.json().meta({ examples: [{ hello: "world" }] }),
  reply: z.json(),
  deadlineSeconds: 30,
  retentionSeconds: HOUR,
});

/** So many fit into one Kafka record of 1 MiB, however long their products are called. */
const MAX_LINES = 5_000;

/** Monthly totals over order lines: takes seconds, and longer the more lines there are. One report an account at a time. */
const report = defineOperation({
  name: "report",
  request: z
    .strictObject({
      account: z.string().min(1).max(64),
      lines: z
        .array(
          z.strictObject({
            date: z.iso.date(),
            product: z.string().min(1).max(64),
            quantity: z.int().positive(),
            unitPrice: z.number().nonnegative(),
          }),
        )
        .min(1)
        .max(MAX_LINES),
    })
    .meta({
      examples: [
        {
          account: "acme",
          lines: [
            { date: "2026-01-15", product: "bolt", quantity: 100, unitPrice: 0.12 },
            { date: "2026-01-20", product: "nut", quantity: 100, unitPrice: 0.05 },
            { date: "2026-02-02", product: "bolt", quantity: 40, unitPrice: 0.12 },
          ],
        },
      ],
    }),
  reply: z.strictObject({
    account: z.string(),
    total: z.number(),
    months: z.array(z.strictObject({ month: z.string(), total: z.number(), byProduct: z.record(z.string(), z.number()) })),
  }),
  deadlineSeconds: 120,
  retentionSeconds: DAY,
  orderingKey: ({ account }) => account,
});

/** The contract of this deployment. Add an operation here, then its handler in consumer/handlers/. */
export const operations = defineContract({ sum, echo, report });
