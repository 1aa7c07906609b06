import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { context, trace } from "@opentelemetry/api";
import { DatabaseSync } from "node:sqlite";
import { afterAll, inject, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { ConfigurationError, readTogether } from "../../../../environment/environment.ts";
import { systemTime } from "../../../../environment/time.ts";
import { createTransact } from "../../../../storage/database-file.ts";
import { nodeSha256, sqliteKeys } from "../../../../worker/hosts/node/api-keys.ts";
import { readNodeHostConfig } from "../../../../worker/hosts/node/config.ts";
import { nodeIds } from "../../../../worker/hosts/node/correlation-id-platform.ts";
import { createSql, openMailboxDatabase } from "../../../../worker/hosts/node/database.ts";
import { type NodeHost, openNodeHost } from "../../../../worker/hosts/node/host.ts";
import { createKeyValues } from "../../../../worker/hosts/node/key-values.ts";
import { localMailbox } from "../../../../worker/hosts/node/local-mailbox.ts";
import { openMailbox } from "../../../../worker/hosts/node/mailbox.ts";
import type { WorkerSettings } from "../../../../worker/define-worker.ts";
import { openWebhooks } from "../../../../worker/hosts/node/webhooks.ts";
import { createDeadLetterLog, createProducer, readProducerConfig } from "../../../../worker/producer-config.ts";
import { contract } from "../../../project/app/contract.ts";
import type { OtherWorker, TestHost, TestSocket } from "../../support/test-host.ts";
import { SILENT_LOG } from "../../../gateway/open-engine.ts";
import { ROOT } from "../../../../tools/root.ts";

const bindings = inject("workerBindings" as never) as Readonly<Record<string, string>>;
const variables = { KAFKA_REST_KIND: "upstash", MAILBOX_SHARDS: "1", ...bindings };
const CONSOLE = join(ROOT, "test/project/.rejoinder/console");

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-mailbox-"));
  folders.push(folder);
  return folder;
};

/** The variables that are set. */
const variablesOf = ({ variables: others }: OtherWorker): Record<string, string> =>
  Object.fromEntries(Object.entries({ ...variables, ...others }).filter((entry): entry is [string, string] => entry[1] !== undefined));

const readConfig = (other: OtherWorker) => ({
  kafkaRest: readProducerConfig(variablesOf(other), contract),
  config: readNodeHostConfig(variablesOf(other)),
});

/** A Worker of the tests' contract or another, on any port. */
const open = (other: OtherWorker = {}, settings: Partial<WorkerSettings> = {}): Promise<NodeHost> => {
  const { kafkaRest, config } = readConfig(other);
  return openNodeHost({
    contract,
    // As the module of the tests' Worker does.
    telemetry: { context, trace },
    ...settings,
    config,
    producer: createProducer({ kafkaRest }, {}),
    deadLetters: createDeadLetterLog(kafkaRest, {}),
    directory: newFolder(),
    host: "127.0.0.1",
    port: 0,
    assets: other.hasConsoleFiles === false ? undefined : CONSOLE,
    log: SILENT_LOG,
  });
};

const toTestSocket = (socket: WebSocket): TestSocket => ({
  send: (data) => socket.send(data),
  close: (code, reason) => socket.close(code, reason),
  listen(listeners) {
    socket.on("message", (data) => listeners.message(String(data)));
    socket.on("close", (code, reason) => listeners.close(code, String(reason)));
    socket.resume();
  },
});

const waitsOf = async ({ metricsUrl }: NodeHost): Promise<number> =>
  Number(/^rejoinder_worker_waits (\d+)$/m.exec(await (await fetch(String(metricsUrl))).text())?.[1]);

const others: NodeHost[] = [];
const underTest = await open({ variables: { METRICS_PORT: "0" } });
const opened = await openMailbox({
  config: readConfig({}).config,
  producer: createProducer(readConfig({}), {}),
  directory: newFolder(),
  links: () => 0,
  log: SILENT_LOG,
  time: systemTime,
});
const storage = openMailboxDatabase({ folder: newFolder(), fsync: "os", onSynced: () => {} }, SILENT_LOG);

afterAll(async () => {
  await Promise.all([underTest.close(), ...others.map((other) => other.close()), opened.close(), storage.close()]);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The Worker on Node, over real HTTP. */
export const host: TestHost = {
  name: "node",
  variables,
  ids: { platform: nodeIds },
  sha256: nodeSha256,
  // Node asks for `duplex` with a body that is a stream.
  call: (path, init) => fetch(underTest.url + path, { ...init, duplex: "half" } as RequestInit),
  async callOther(other, path, init) {
    const another = await open({ ...other, variables: { MAILBOX_FSYNC: "os", ...other.variables } });
    try {
      const response = await fetch(another.url + path, init);
      return new Response([204, 304].includes(response.status) ? null : await response.arrayBuffer(), response);
    } finally {
      await another.close();
    }
  },
  async openOther(settings, other = {}) {
    const variables = { METRICS_PORT: "0", MAILBOX_FSYNC: "os", ...other.variables };
    const another = await open({ ...other, variables }, settings);
    others.push(another);
    return {
      call: (path, init) => fetch(another.url + path, { ...init, duplex: "half" } as RequestInit),
      waiting: () => waitsOf(another),
    };
  },
  connect: (path, headers) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(underTest.url + path, { headers, perMessageDeflate: false });
      socket.on("open", () => {
        // Until somebody listens.
        socket.pause();
        resolve(toTestSocket(socket));
      });
      socket.on("unexpected-response", (_, response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve(
            new Response(Buffer.concat(chunks), { status: response.statusCode ?? 0, headers: response.headers as Record<string, string> }),
          ),
        );
      });
      socket.on("error", reject);
    }),
  async problemsOf(other) {
    try {
      readTogether(
        () => readProducerConfig(variablesOf(other), contract),
        () => readNodeHostConfig(variablesOf(other)),
      );
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems;
      throw error;
    }
  },
  keyValues: createKeyValues(storage.database, Date.now),
  keys: {
    ...sqliteKeys(storage),
    dump: async () => JSON.stringify(storage.database.prepare("SELECT * FROM api_keys").all()),
  },
  mailbox: localMailbox({ ...opened, log: SILENT_LOG }),
  waiting: () => waitsOf(underTest),
  openWebhooks: async (other = {}) => {
    const webhooks = await openWebhooks(readConfig(other).config, []);
    onTestFinished(() => webhooks?.close());
    return webhooks;
  },
  async inStorage(run) {
    const database = new DatabaseSync(join(newFolder(), "storage.sqlite"));
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    try {
      await run({ sql: createSql(database), transactionSync: createTransact(database) });
    } finally {
      database.close();
    }
  },
};
