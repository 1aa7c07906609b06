import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { defineContract, operation } from "@rejoinder/sdk/contract";
import { defineConsumer, type OnceStore, postgresOnce } from "@rejoinder/sdk/consumer";
import pg from "pg";
import * as z from "zod";
import { sqliteOnce } from "../../../../../consumer/once/sqlite.ts";

// Each step has an effect, a row with a token of its own, and the reply has the token that is recorded. DIES_AT says at which moment of the
// hundredth step the process dies by kill -9.
const { DIES_AT, EFFECTS_FILE, CONSUMER_DATA_DIR: folder = "", PGHOST } = process.env;

let steps = 0;
const reached = (moment: "in the step" | "when it is recorded"): void => {
  if (moment === DIES_AT && ++steps === 100) process.kill(process.pid, "SIGKILL");
};

const dying = <Given extends readonly unknown[]>(store: OnceStore<Given>): OnceStore<Given> => ({
  ...store,
  async once(step, run) {
    const result = await store.once(step, run);
    reached("when it is recorded");
    return result;
  },
});

const contract = defineContract({
  sum: operation({
    request: z.strictObject({ a: z.number(), b: z.number() }),
    reply: z.strictObject({ sum: z.number(), token: z.string() }),
  }),
});

const defineWithSqlite = () => {
  const effects = new DatabaseSync(String(EFFECTS_FILE));
  effects.exec("CREATE TABLE IF NOT EXISTS effects (correlation_id TEXT, token TEXT)");
  const insert = effects.prepare("INSERT INTO effects VALUES (?, ?)");
  return defineConsumer({
    contract,
    handlers: {
      async sum({ a, b }, { once, correlationId }) {
        const token = await once("count", async () => {
          const made = randomUUID();
          insert.run(correlationId, made);
          reached("in the step");
          await setImmediate();
          return made;
        });
        return { sum: a + b, token };
      },
    },
    // The last consumer lives, and has the store that every consumer has by itself.
    ...(DIES_AT === undefined ? {} : { once: dying(sqliteOnce({ folder, log: console })) }),
  });
};

const defineWithPostgres = () =>
  defineConsumer({
    contract,
    handlers: {
      async sum({ a, b }, { once, correlationId }) {
        const token = await once("count", async (tx) => {
          const made = randomUUID();
          await tx.query("INSERT INTO effects VALUES ($1, $2)", [correlationId, made]);
          reached("in the step");
          return made;
        });
        return { sum: a + b, token };
      },
    },
    once: dying(postgresOnce({ pool: new pg.Pool() })),
  });

export default PGHOST === undefined ? defineWithSqlite() : defineWithPostgres();
