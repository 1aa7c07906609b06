import { type OnceStore, type Step, storeAway } from "./store.ts";

/** A connection of a pool, as node-postgres has it. */
export type PostgresClient = {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
  /** @param broken whether the connection must not be used again */
  release(broken?: boolean): void;
  on?(event: "error", listener: (error: Error) => void): unknown;
  removeListener?(event: "error", listener: (error: Error) => void): unknown;
};

/** What is used of the `Pool` of node-postgres. */
export type PostgresPool = { connect(): Promise<PostgresClient> };

/** The client that a pool gives. Its `connect` may have a second form with a callback, as that of node-postgres has. */
export type ClientOf<Pool extends PostgresPool> = Pool["connect"] extends { (): Promise<infer Client>; (callback: never): void }
  ? Client
  : Awaited<ReturnType<Pool["connect"]>>;

export type PostgresOnceOptions<Pool extends PostgresPool> = {
  /** Yours, to the database that the steps change. Each step that runs takes one connection. You end it, not the consumer. */
  readonly pool: Pool;
  /** Where results are kept, with its schema if it is not in the search path. Made if it is not there. Default: `rejoinder_once`. */
  readonly table?: string;
};

/**
 * Keeps the results of steps in PostgreSQL, from version 13 on. The function of a step gets a client in a transaction, and its result is recorded in the
 * same transaction: either both are there or neither is, whatever dies. Two consumers with the same request wait for each other.
 *
 *     once: postgresOnce({ pool: new pg.Pool() })
 *
 * @throws TypeError if the table's name is none
 */
export const postgresOnce = <Pool extends PostgresPool>({
  pool,
  table = "rejoinder_once",
}: PostgresOnceOptions<Pool>): OnceStore<[tx: ClientOf<Pool>]> => {
  const sql = createSql(table);
  let preparing: Promise<void> | undefined;
  let sweeping: Promise<void> | undefined;
  let sweptAt = Number.NEGATIVE_INFINITY;

  const withClient = async <Result>(use: (client: PostgresClient) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect().catch(refuse);
    // A connection that breaks while nothing waits for it says so by this event, which would end the process. The next query fails anyway.
    const ignore = (): void => {};
    client.on?.("error", ignore);
    let isBroken = false;
    try {
      return await use(client);
    } catch (error) {
      await client.query("ROLLBACK").catch(() => (isBroken = true));
      throw error;
    } finally {
      client.removeListener?.("error", ignore);
      client.release(isBroken);
    }
  };

  const createTable = (): Promise<void> =>
    withClient(async (client) => {
      const { rows } = await ask(client, sql.find, [sql.table]);
      if ((rows[0] as { found: string | null }).found !== null) return;
      await ask(client, "BEGIN");
      // Two consumers that make a table at once would fail each other.
      await ask(client, "SELECT pg_advisory_xact_lock(hashtext($1))", [sql.table]);
      for (const statement of sql.create) {
        await client.query(statement).catch((error: unknown) => {
          if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) return refuse(error);
          const how = `Run as one who may: ${sql.create.join("; ")};`;
          throw new Error(`This user may not make the table that keeps results. ${how}`, { cause: error });
        });
      }
      await ask(client, "COMMIT");
    });

  const prepare = (): Promise<void> => {
    preparing ??= createTable().catch((error) => {
      preparing = undefined;
      throw error;
    });
    return preparing;
  };

  const sweep = async (): Promise<void> => {
    if (Date.now() - sweptAt < SWEEP_MS) return;
    const { rowCount } = await withClient((client) => client.query(sql.sweep, [SWEEP_ROWS]));
    // With more of them left, the next step goes on.
    if ((rowCount ?? 0) < SWEEP_ROWS) sweptAt = Date.now();
  };

  /** Begins the transaction of a step, after any other one of the same step has ended. If it has a result, that, and no transaction. */
  const claim = async (client: PostgresClient, { correlationId, name, expiresAt }: Step): Promise<string | undefined> => {
    for (;;) {
      await ask(client, "BEGIN");
      const claimed = await client
        .query(sql.claim, [correlationId, name, new Date(expiresAt).toISOString()])
        // Where transactions are REPEATABLE READ or stricter, the row of the other one is seen from the next transaction on.
        .catch((error: unknown) => (codeOf(error) === SERIALIZATION_FAILURE ? undefined : refuse(error)));
      if (claimed?.rowCount === 1) return undefined;
      const { rows } = claimed === undefined ? { rows: [] } : await ask(client, sql.read, [correlationId, name]);
      await ask(client, "ROLLBACK");
      const [row] = rows as { readonly result: string | null }[];
      if (row?.result === null)
        throw new Error(`Step ${JSON.stringify(name)} has ended its transaction itself, so its result is not known. ${LEAVE_TO_ONCE}`);
      if (row !== undefined) return row.result;
    }
  };

  const runOnce = async (client: PostgresClient, step: Step, run: (tx: ClientOf<Pool>) => Promise<string>): Promise<string> => {
    const recorded = await claim(client, step);
    if (recorded !== undefined) return recorded;
    const result = await run(client as ClientOf<Pool>);
    const { rowCount } = await ask(client, sql.record, [step.correlationId, step.name, result]);
    if (rowCount !== 1) throw new Error(`Expected the transaction of step ${JSON.stringify(step.name)} to be open still. ${LEAVE_TO_ONCE}`);
    await ask(client, "COMMIT");
    return result;
  };

  return {
    name: "postgres",
    async once(step, run) {
      await prepare();
      const result = await withClient((client) => runOnce(client, step, run));
      // What cannot be removed now is removed later: a database that is away is the next step's to report.
      sweeping ??= sweep()
        .catch(() => {})
        .finally(() => (sweeping = undefined));
      return result;
    },
    close: async () => sweeping,
  };
};

const LEAVE_TO_ONCE = "Leave BEGIN, COMMIT and ROLLBACK to once, and use savepoints.";

const ask = (client: PostgresClient, text: string, values?: unknown[]) => client.query(text, values).catch(refuse);

/** Codes of PostgreSQL (its documentation, appendix A). */
const SERIALIZATION_FAILURE = "40001";
const INSUFFICIENT_PRIVILEGE = "42501";
const IS_CODE = /^[\dF-Z][\dA-Z]{4}$/;
/** Connections, conflicts of transactions, resources, shutdowns, locks. */
const PASSES = /^(08|40|53|55|57)/;

const codeOf = (error: unknown): string | undefined => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && IS_CODE.test(code) ? code : undefined;
};

/** Tells what may pass from what does not. The errors of a connection that breaks have no code of PostgreSQL. */
const refuse = (error: unknown): never => {
  const code = codeOf(error);
  throw code === undefined || PASSES.test(code) ? storeAway(error) : error;
};

/** How often expired rows are looked for, and how many one statement removes at most. */
const SWEEP_MS = 60_000;
const SWEEP_ROWS = 1_000;

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

const createSql = (name: string) => {
  const parts = name.split(".");
  if (parts.length > 2 || !parts.every((part) => NAME.test(part)))
    throw new TypeError(`Expected table to be a name such as rejoinder_once or my_schema.rejoinder_once, got ${JSON.stringify(name)}`);
  const table = parts.map((part) => `"${part}"`).join(".");
  const index = `"${parts.at(-1)?.slice(0, 56)}_expiry"`;
  return {
    table,
    find: "SELECT to_regclass($1) AS found",
    create: [
      `CREATE TABLE IF NOT EXISTS ${table} (correlation_id text, step text, result text, expires_at timestamptz NOT NULL, PRIMARY KEY (correlation_id, step))`,
      `CREATE INDEX IF NOT EXISTS ${index} ON ${table} (expires_at)`,
    ],
    claim: `INSERT INTO ${table} (correlation_id, step, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    read: `SELECT result FROM ${table} WHERE correlation_id = $1 AND step = $2`,
    /** Only in the transaction that claimed the step. */
    record: `UPDATE ${table} SET result = $3 WHERE correlation_id = $1 AND step = $2 AND xmin = pg_current_xact_id()::xid`,
    sweep: `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED))`,
  };
};
