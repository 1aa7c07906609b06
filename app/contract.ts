import { defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";

/** The operations of this application: what callers may ask, and what they get. Add one here, then its handler in consumer.ts. */
export const contract = defineContract({
  /** The sum of two numbers. */
  sum: operation({
    request: z.strictObject({ a: z.number(), b: z.number() }).meta({ examples: [{ a: 2, b: 3 }] }),
    reply: z.strictObject({ sum: z.number() }),
    errors: { SUM_OUT_OF_RANGE: { status: 422 } },
    probe: { a: 2, b: 3 },
  }),

  /** Any JSON, sent back as it came. */
  echo: operation({
    request: z.json().meta({ examples: [{ hello: "world" }] }),
    reply: z.json(),
  }),

  /** Monthly totals of order lines. It takes seconds, longer for more lines, and handles one report of an account at a time. */
  report: operation({
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
          // They fit into one Kafka record of 1 MiB, however long the names of the products are.
          .max(5_000),
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
      months: z.array(
        z.strictObject({
          month: z.string(),
          total: z.number(),
          // A list, not an object: products may be called anything, and an object cannot have a member of every name.
          byProduct: z.array(z.strictObject({ product: z.string(), total: z.number() })),
        }),
      ),
    }),
    errors: { TOTAL_OUT_OF_RANGE: { status: 422 } },
    deadlineSeconds: 120,
    retentionSeconds: 24 * 3_600,
    orderingKey: ({ account }) => account,
  }),
});
