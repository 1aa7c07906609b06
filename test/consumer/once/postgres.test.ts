import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresClient, type PostgresPool, postgresOnce } from "../../../consumer/once/postgres.ts";
import { ROOT } from "../../../tools/root.ts";
import { openPglitePool } from "./pglite-pool.ts";
import { newStep, testOnceStore } from "./once-contract.ts";

/** It compiles megabytes of WebAssembly, on a machine that may be busy. */
const START_TIMEOUT_MS = 180_000;

describe("in this process", () => {
  let pool: Awaited<ReturnType<typeof openPglitePool>>;
  let tables = 0;
  const newTable = () => `once_${++tables}`;
  beforeAll(async () => {
    pool = await openPglitePool();
  }, START_TIMEOUT_MS);
  afterAll(() => pool.end());

  testOnceStore("PostgreSQL", async () => {
    const table = newTable();
    return async () => postgresOnce({ pool, table });
  });

  const createAccount = async (): Promise<string> => {
    const account = `account_${++tables}`;
    await pool.query(`CREATE TABLE ${account} (balance integer NOT NULL)`);
    await pool.query(`INSERT INTO ${account} VALUES (10)`);
    return account;
  };
  const balanceOf = async (account: string) => (await pool.query(`SELECT balance FROM ${account}`)).rows;
  const debit = (account: string) => async (tx: PostgresClient) => {
    await tx.query(`UPDATE ${account} SET balance = balance - $1`, [1]);
    return "null";
  };

  test("what a step does in its transaction is there when its result is, and once", async () => {
    const account = await createAccount();
    const step = newStep();
    const store = postgresOnce({ pool, table: newTable() });
    await store.once(step, debit(account));
    await store.once(step, debit(account));
    expect(await balanceOf(account)).toEqual([{ balance: 9 }]);
  });

  test("what a step did in its transaction before it failed is undone", async () => {
    const account = await createAccount();
    const store = postgresOnce({ pool, table: newTable() });
    const failing = async (tx: PostgresClient) => {
      await debit(account)(tx);
      throw new Error("the account is closed");
    };
    await expect(store.once(newStep(), failing)).rejects.toThrow("the account is closed");
    expect(await balanceOf(account)).toEqual([{ balance: 10 }]);
  });

  test("a step whose statement failed does not count as done, although its function went on", async () => {
    const account = await createAccount();
    const store = postgresOnce({ pool, table: newTable() });
    const step = newStep();
    const careless = async (tx: PostgresClient) => {
      await debit(account)(tx);
      await tx.query("SELECT 1 / 0").catch(() => {});
      return "null";
    };
    await expect(store.once(step, careless)).rejects.toThrow("current transaction is aborted");
    await store.once(step, debit(account));
    expect(await balanceOf(account)).toEqual([{ balance: 9 }]);
  });

  test.each(["COMMIT", "ROLLBACK"])("a step that ends its transaction itself by %s is told not to", async (statement) => {
    const store = postgresOnce({ pool, table: newTable() });
    const meddling = async (tx: PostgresClient) => {
      await tx.query(statement);
      return "null";
    };
    await expect(store.once(newStep(), meddling)).rejects.toMatchObject({
      name: "Error",
      message: expect.stringContaining("Leave BEGIN, COMMIT and ROLLBACK to once"),
    });
  });

  test("many expired results are removed in steps that hold up nobody for long", async () => {
    const table = newTable();
    const store = postgresOnce({ pool, table });
    await store.once(newStep(), async () => "1");
    await store.close();
    await pool.query(`INSERT INTO ${table} SELECT n::text, 'debit', '1', now() FROM generate_series(1, 2500) AS n`);
    const left: unknown[] = [];
    const next = postgresOnce({ pool, table });
    for (let index = 0; index < 3; index++) {
      await next.once(newStep(), async () => "1");
      await next.close();
      left.push(...(await pool.query(`SELECT count(*)::integer AS rows FROM ${table}`)).rows);
    }
    expect(left).toEqual([{ rows: 1_502 }, { rows: 503 }, { rows: 4 }]);
  });

  test("a table may be in a schema of its own", async () => {
    await pool.query("CREATE SCHEMA mine");
    const step = newStep();
    await postgresOnce({ pool, table: "mine.steps" }).once(step, async () => "1");
    const { rows } = await pool.query("SELECT step, result FROM mine.steps WHERE correlation_id = $1", [step.correlationId]);
    expect(rows).toEqual([{ step: "debit", result: "1" }]);
  });

  test("the table may be made before, as the documents say", async () => {
    const [, statements = ""] = /```sql\n([^]*?)```/.exec(await readFile(join(ROOT, "docs/effects-once.md"), "utf8")) ?? [];
    for (const statement of statements.split(";\n")) await pool.query(statement);
    const step = newStep();
    await postgresOnce({ pool }).once(step, async () => "1");
    const { rows } = await pool.query("SELECT result FROM rejoinder_once WHERE correlation_id = $1", [step.correlationId]);
    expect(rows).toEqual([{ result: "1" }]);
  });

  test("a database that is away has the request handled again, and is asked for the table again at the next step", async () => {
    let isAway = true;
    const failing: PostgresPool = { connect: () => (isAway ? Promise.reject(new Error("connect ECONNREFUSED")) : pool.connect()) };
    const store = postgresOnce({ pool: failing, table: newTable() });
    await expect(store.once(newStep(), async () => "1")).rejects.toMatchObject({
      name: "RetryableError",
      code: "STEPS_UNAVAILABLE",
      cause: { message: "connect ECONNREFUSED" },
    });
    isAway = false;
    expect(await store.once(newStep(), async () => "1")).toBe("1");
  });
});

test.each(["", "once; DROP TABLE once", "a.b.c", "Once", "9lives", "a".repeat(64)])("%j is refused as the name of a table", (table) => {
  const pool: PostgresPool = { connect: () => Promise.reject(new Error("nobody asks")) };
  expect(() => postgresOnce({ pool, table })).toThrow("Expected table to be a name such as rejoinder_once or my_schema.rejoinder_once");
});
