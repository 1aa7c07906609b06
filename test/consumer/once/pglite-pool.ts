import { PGlite } from "@electric-sql/pglite";
import type { PostgresClient } from "../../../consumer/once/postgres.ts";

/** PostgreSQL itself in this process, as a pool of one connection: whoever connects waits until the one before has released it. */
export const openPglitePool = async () => {
  const database = await PGlite.create();
  let free = Promise.resolve();
  const query = async (text: string, values?: unknown[]) => {
    const { rows, affectedRows = 0 } = await database.query(text, values);
    return { rows, rowCount: rows.length > 0 ? rows.length : affectedRows };
  };
  return {
    query,
    async connect(): Promise<PostgresClient> {
      const before = free;
      const { promise, resolve } = Promise.withResolvers<void>();
      free = promise;
      await before;
      return { query, release: () => resolve() };
    },
    end: () => database.close(),
  };
};
