import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { readWorkerConfig } from "../../../../worker/config.ts";
import { ConfigurationError } from "../../../../environment/environment.ts";
import { defineWorker } from "../../../../worker/define-worker.ts";
import { webSha256 } from "../../../../worker/sha256.ts";
import { kvKeys } from "../../../../worker/identity/keys/kv-keys.ts";
import { openWebhooks } from "../../../../worker/hosts/cloudflare/webhooks.ts";
import type { ViewsObject } from "../../../../worker/hosts/cloudflare/views-object.ts";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { contract } from "../../../project/app/contract.ts";
import type { OtherWorker, TestHost, TestSocket } from "../../support/test-host.ts";

const ORIGIN = "https://api.example";

/** The object that keeps the statuses of a shard. */
export const mailboxOf = ({ shard }: { readonly shard: number }) => env.MAILBOX.get(env.MAILBOX.idFromName(`shard-${shard}`));

const envOf = ({ variables, hasConsoleFiles = true }: OtherWorker): Env => ({
  ...env,
  ...variables,
  ...(hasConsoleFiles ? {} : { ASSETS: undefined }),
});

const toTestSocket = (socket: WebSocket): TestSocket => ({
  send: (data) => socket.send(data),
  close: (code, reason) => socket.close(code, reason),
  listen(listeners) {
    socket.addEventListener("message", ({ data }) => listeners.message(data as string));
    socket.addEventListener("close", ({ code, reason }) => {
      // Answers the close frame, which workerd does not do for clients.
      socket.close();
      listeners.close(code, reason);
    });
    socket.accept();
  },
});

const KEYS = env.KEYS as KVNamespace;
const VIEWS = (env as unknown as { readonly VIEWS: DurableObjectNamespace<ViewsObject> }).VIEWS;

/** The Worker in workerd. */
export const host: TestHost = {
  name: "cloudflare",
  variables: env as unknown as Record<string, string>,
  ids: {},
  sha256: webSha256,
  call: (path, init) => exports.default.fetch(ORIGIN + path, init),
  // Without Durable Objects: the one that there is produces as the Worker under test does.
  callOther: async (other, path, init) =>
    defineWorker({ contract }).worker.fetch(new Request(ORIGIN + path, init), { ...envOf(other), REPLY_STORE: "kv" }),
  async openOther(settings, other = {}) {
    const { worker } = defineWorker(settings);
    const shards = Number(other.variables?.["VIEW_SHARDS"] ?? 1);
    const objects = Array.from({ length: shards }, (_, number) => VIEWS.get(VIEWS.idFromName(`views-${number}-of-${shards}`)));
    return {
      call: async (path, init) => worker.fetch(new Request(ORIGIN + path, init), { ...envOf(other), REPLY_STORE: "kv" }),
      waiting: async () => (await Promise.all(objects.map((object) => object.waiting()))).reduce((sum, count) => sum + count, 0),
    };
  },
  async connect(path, headers) {
    const response = await exports.default.fetch(ORIGIN + path, { headers: { upgrade: "websocket", ...headers } });
    return response.webSocket === null ? response : toTestSocket(response.webSocket);
  },
  async problemsOf(other) {
    try {
      readWorkerConfig(envOf(other), contract);
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems;
      throw error;
    }
  },
  keyValues: env.REPLIES,
  keys: {
    ...kvKeys(KEYS),
    async dump() {
      const { keys } = await KEYS.list();
      const values = await Promise.all(keys.map(({ name }) => KEYS.get(name)));
      return JSON.stringify([keys, values]);
    },
  },
  mailbox: mailboxStore({ namespace: env.MAILBOX }),
  waiting: (shard) => mailboxOf({ shard }).waiting(),
  openWebhooks: async (other = {}) => openWebhooks(readWorkerConfig(envOf(other), contract)),
  inStorage: (run) =>
    runInDurableObject(mailboxOf({ shard: 500 }), async (_, { storage }) => {
      for (const { name } of storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'").toArray())
        storage.sql.exec(`DROP TABLE ${String(name)}`);
      await run(storage);
    }),
};
