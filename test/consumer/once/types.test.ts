import pg from "pg";
import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import { defineConsumer } from "../../../consumer/define-consumer.ts";
import type { StepContext } from "../../../consumer/once/once.ts";
import { type PostgresClient, postgresOnce } from "../../../consumer/once/postgres.ts";

const contract = defineContract({ pay: operation({ request: z.number(), reply: z.string() }) });

test("a step's function gets what the store hands to it: by itself only what to know of the step", () => {
  const { once } = defineConsumer({
    contract,
    handlers: {
      async pay(amount, { once }) {
        await once("charge", (...given) => expectTypeOf(given).toEqualTypeOf<[StepContext]>());
        const charged = await once("credit", async ({ idempotencyKey }) => ({ idempotencyKey, amount, at: new Date() }));
        expectTypeOf(charged).toEqualTypeOf<{ idempotencyKey: string; amount: number; at: string }>();
        expectTypeOf(await once("nothing", () => {})).toEqualTypeOf<null>();
        expectTypeOf(await once("list", () => [{ at: new Date() as Date | null }])).toEqualTypeOf<{ at: string | null }[]>();
        return charged.at;
      },
    },
  });
  expect(once).toBeUndefined();
});

test("with PostgreSQL it gets the client of the pool's own type", async () => {
  const pool = new pg.Pool();
  const { once } = defineConsumer({
    contract,
    handlers: {
      async pay(amount, { once }) {
        await once("charge", (...given) => expectTypeOf(given).toEqualTypeOf<[tx: pg.PoolClient, StepContext]>());
        return once("debit", async (tx, { idempotencyKey }) => {
          expectTypeOf(idempotencyKey).toBeString();
          const { rows } = await tx.query<{ name: string }>("UPDATE accounts SET balance = balance - $1 RETURNING name", [amount]);
          return rows[0]?.name ?? "";
        });
      },
    },
    once: postgresOnce({ pool }),
  });
  expect(once?.name).toBe("postgres");
  await pool.end();
});

test("a pool of another library needs no more than to connect", () => {
  const pool = { connect: () => Promise.reject<PostgresClient>(new Error("nobody asks")) };
  const store = postgresOnce({ pool });
  expectTypeOf<Parameters<Parameters<typeof store.once>[1]>>().toEqualTypeOf<[tx: PostgresClient]>();
  expect(store.name).toBe("postgres");
});
