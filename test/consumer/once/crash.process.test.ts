import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, test, type TestContext } from "vitest";
import { startGatewayProcess } from "../../helpers/gateway.ts";
import { startProcess } from "../../helpers/processes.ts";
import { consumerEnvironment, REPLY_SECRET } from "../process.ts";
import { startReplyReceiver } from "../reply-receiver.ts";
import { newRequest, produce, toWire } from "../requests.ts";
import { hasPostgres, startPostgresServer } from "./postgres-server.ts";

const PROJECT = fileURLToPath(new URL("project", import.meta.url));
/** Five processes start, one after the other. */
const TIMEOUT = { retry: 0, timeout: 180_000 };

const DEATHS = ["in the step", "when it is recorded", "in the step", "when it is recorded"];

type Row = { readonly correlation_id: string; readonly token: string };
type Look = () => Promise<{ readonly effects: readonly Row[]; readonly recorded: readonly Row[] }>;

/** Has 500 requests handled by consumers that die one after the other, and looks at what is there after each death and in the end. */
const handleWithDeaths = async (environment: Record<string, string>, look: Look, { onTestFinished }: TestContext) => {
  const gateway = await startGatewayProcess();
  onTestFinished(() => gateway.remove());
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  onTestFinished(() => receiver.close());
  const requests = Array.from({ length: 500 }, (_, index) => newRequest({ data: { a: index, b: 1 }, deadline: Date.now() + 120_000 }));
  await produce(gateway, requests.map(toWire));
  const start = (more: Record<string, string>) =>
    startProcess(
      "consumer",
      { ...consumerEnvironment(gateway, receiver), EXIT_WITH_PARENT: "1", ...environment, ...more },
      { project: PROJECT },
    );

  const afterDeaths = [];
  for (const moment of DEATHS) {
    const consumer = await start({ DIES_AT: moment });
    expect(await consumer.exited).toEqual({ code: null, signal: "SIGKILL" });
    afterDeaths.push({ moment, ...(await look()), replied: new Set(receiver.stored.keys()) });
  }
  const last = await start({});
  onTestFinished(() => last.stop());
  await receiver.until(() => requests.every(({ correlationId }) => receiver.stored.has(correlationId)));
  const replies = requests.flatMap(({ correlationId }) => receiver.stored.get(correlationId) ?? []);
  expect(replies).toEqual(
    requests.map((_, index) => expect.objectContaining({ state: "succeeded", data: expect.objectContaining({ sum: index + 1 }) })),
  );
  const tokens = new Map(replies.map(({ correlationId, data }) => [correlationId, (data as { token: string }).token]));
  return { afterDeaths, end: await look(), tokens };
};

const tokensOf = (rows: readonly Row[], { correlation_id: id }: Row): readonly string[] =>
  rows.filter((row) => row.correlation_id === id).map(({ token }) => token);

test(
  "of 500 requests whose consumer is killed again and again, no recorded step runs a second time, and the reply has what is recorded",
  TIMEOUT,
  async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "rejoinder-once-"));
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [file, data] = [join(folder, "effects.sqlite"), join(folder, "data")];
    const read = (path: string, query: string): Row[] => {
      const database = new DatabaseSync(path);
      try {
        return database.prepare(query).all() as Row[];
      } finally {
        database.close();
      }
    };
    const look: Look = async () => ({
      effects: read(file, "SELECT * FROM effects"),
      recorded: read(join(data, "once.sqlite"), "SELECT correlation_id, json_extract(result, '$') AS token FROM steps"),
    });
    const { afterDeaths, end, tokens } = await handleWithDeaths({ EFFECTS_FILE: file, CONSUMER_DATA_DIR: data }, look, context);

    for (const { recorded, effects } of afterDeaths)
      for (const row of recorded) expect(tokensOf(end.effects, row)).toEqual(tokensOf(effects, row));
    expect(end.recorded).toHaveLength(500);
    for (const row of end.recorded) {
      expect(tokens.get(row.correlation_id)).toBe(row.token);
      expect(tokensOf(end.effects, row).at(-1)).toBe(row.token);
    }
    // The deaths were where they should be: effects without a record, and records without a reply.
    const [inStep, whenRecorded] = afterDeaths;
    expect(inStep?.effects.length).toBeGreaterThan(Number(inStep?.recorded.length));
    expect(whenRecorded?.recorded.some(({ correlation_id: id }) => !whenRecorded.replied.has(id))).toBe(true);
  },
);

test.skipIf(!hasPostgres)(
  "with PostgreSQL, all 500 effects are there exactly once, and the reply has what is recorded",
  async (context) => {
    const server = await startPostgresServer();
    const pool = new pg.Pool(server.connection);
    context.onTestFinished(async () => {
      await pool.end();
      await server.stop();
    });
    await pool.query("CREATE TABLE effects (correlation_id text, token text)");
    const look: Look = async () => ({
      effects: (await pool.query<Row>("SELECT * FROM effects")).rows,
      recorded: (await pool.query<Row>("SELECT correlation_id, result::json #>> '{}' AS token FROM rejoinder_once")).rows,
    });
    const { host, user, database } = server.connection;
    const { afterDeaths, end, tokens } = await handleWithDeaths({ PGHOST: host, PGUSER: user, PGDATABASE: database }, look, context);

    for (const { effects, recorded } of [...afterDeaths, end])
      expect(effects.map(textOf).toSorted()).toEqual(recorded.map(textOf).toSorted());
    expect(end.effects).toHaveLength(500);
    for (const { correlation_id: id, token } of end.effects) expect(tokens.get(id)).toBe(token);
  },
);

const textOf = ({ correlation_id: id, token }: Row): string => `${id} ${token}`;
