import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { postgresOnce } from "../../../consumer/once/postgres.ts";
import { newStep, testOnceStore } from "./once-contract.ts";
import { hasPostgres, type PostgresServer, startPostgresServer } from "./postgres-server.ts";

describe.skipIf(!hasPostgres)("on a server", () => {
  let server: PostgresServer;
  const pools: pg.Pool[] = [];
  let tables = 0;
  const newTable = () => `once_${++tables}`;
  const openPool = (options: pg.PoolConfig = {}): pg.Pool => {
    const pool = new pg.Pool({ ...server.connection, ...options });
    pools.push(pool);
    return pool;
  };
  beforeAll(async () => {
    server = await startPostgresServer();
  }, 180_000);
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await server.stop();
  });

  testOnceStore("a server of PostgreSQL", async () => {
    const table = newTable();
    const pool = openPool();
    return async () => postgresOnce({ pool, table });
  });

  test.each(["read committed", "repeatable read", "serializable"])(
    "where transactions are %s, two consumers with the same request do its step once, and both get its result",
    async (isolation) => {
      const table = newTable();
      const options = `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`;
      const [one, other] = [postgresOnce({ pool: openPool({ options }), table }), postgresOnce({ pool: openPool({ options }), table })];
      const step = newStep();
      const begun = Promise.withResolvers<void>();
      const mayEnd = Promise.withResolvers<void>();
      const first = one.once(step, async () => {
        begun.resolve();
        await mayEnd.promise;
        return "1";
      });
      await begun.promise;
      const runSecond = vi.fn(async () => "2");
      const second = other.once(step, runSecond);
      await untilBlocked(openPool(), table);
      mayEnd.resolve();
      expect(await Promise.all([first, second])).toEqual(["1", "1"]);
      expect(runSecond).not.toHaveBeenCalled();
    },
  );

  test("a consumer takes over the step that another one failed to do", async () => {
    const table = newTable();
    const [one, other] = [postgresOnce({ pool: openPool(), table }), postgresOnce({ pool: openPool(), table })];
    const step = newStep();
    const begun = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const first = one.once(step, async () => {
      begun.resolve();
      await mayEnd.promise;
      throw new Error("the account is closed");
    });
    await begun.promise;
    const second = other.once(step, async () => "2");
    await untilBlocked(openPool(), table);
    mayEnd.resolve();
    await expect(first).rejects.toThrow("the account is closed");
    expect(await second).toBe("2");
  });

  test("consumers that start at once share the table that one of them makes", async () => {
    const table = newTable();
    const stores = Array.from({ length: 8 }, () => postgresOnce({ pool: openPool(), table }));
    await Promise.all(stores.map((store) => store.once(newStep(), async () => "1")));
  });

  test("a user who may not make the table is told what to run", async () => {
    const pool = openPool();
    await pool.query("CREATE ROLE humble LOGIN");
    const step = newStep();
    const store = postgresOnce({ pool: openPool({ user: "humble" }), table: "humble_once" });
    const error = await store.once(step, async () => "1").catch((thrown: Error) => thrown.message);
    const statements = /^This user may not make the table that keeps results\. Run as one who may: (.*)$/.exec(String(error))?.[1];
    await pool.query(String(statements));
    await pool.query("GRANT SELECT, INSERT, UPDATE, DELETE ON humble_once TO humble");
    expect(await store.once(step, async () => "1")).toBe("1");
  });

  test("a connection that breaks in the middle of a step undoes it, and the request is handled again", async () => {
    const table = newTable();
    const pool = openPool();
    const admin = openPool();
    const store = postgresOnce({ pool, table });
    await admin.query(`CREATE TABLE effects_of_${table} (n integer)`);
    const step = newStep();
    const breaking = store.once(step, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>(`INSERT INTO effects_of_${table} VALUES (1) RETURNING pg_backend_pid() AS pid`);
      const ended = new Promise((resolve) => tx.once("end", resolve));
      await admin.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await ended;
      return "1";
    });
    await expect(breaking).rejects.toMatchObject({ name: "RetryableError", code: "STEPS_UNAVAILABLE" });
    expect((await admin.query(`SELECT n FROM effects_of_${table}`)).rows).toEqual([]);
    expect(await store.once(step, async () => "2")).toBe("2");
  });
});

/** Resolves once a session waits for another one's row of the table. */
const untilBlocked = async (pool: pg.Pool, table: string): Promise<void> => {
  for (;;) {
    const { rowCount } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO "${table}"%'`,
    );
    if ((rowCount ?? 0) > 0) return;
  }
};
