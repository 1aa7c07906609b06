import { defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";

/** The operations that the tests use: app/ may have any others. */
export const contract = defineContract({
  /** The sum of two numbers. */
  sum: operation({
    request: z.strictObject({ a: z.number(), b: z.number() }).meta({ examples: [{ a: 2, b: 3 }] }),
    reply: z.strictObject({ sum: z.number() }),
    errors: { SUM_OUT_OF_RANGE: { status: 422 } },
    retentionSeconds: 3_600,
    probe: { a: 2, b: 3 },
  }),

  /** Any JSON, sent back as it came. */
  echo: operation({
    request: z.json().meta({ examples: [{ hello: "world" }] }),
    reply: z.json(),
    retentionSeconds: 3_600,
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

  /** Counts down, and says on its way how far it is and each number that it has reached. */
  countdown: operation({
    request: z
      .strictObject({ from: z.int().min(1).max(10_000), everyMs: z.int().min(0).max(60_000).default(500) })
      .meta({ examples: [{ from: 10, everyMs: 500 }] }),
    reply: z.strictObject({ counted: z.int() }),
    progress: z.strictObject({ percent: z.number() }),
    chunk: z.strictObject({ left: z.int() }),
    deadlineSeconds: 120,
    retentionSeconds: 3_600,
  }),

  /** Fails so many times, each time as if another attempt might do better. */
  flaky: operation({
    request: z.strictObject({ failures: z.int().min(0).max(1_000) }).meta({ examples: [{ failures: 2 }] }),
    reply: z.strictObject({ attempt: z.int() }),
    retry: { attempts: 5, firstSeconds: 1, maxSeconds: 10 },
    retentionSeconds: 3_600,
  }),
});
