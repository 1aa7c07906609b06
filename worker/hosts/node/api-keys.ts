import { hash } from "node:crypto";
import type { Log } from "../../../environment/log.ts";
import type { Time } from "../../../environment/time.ts";
import type { Sha256 } from "../../sha256.ts";
import { type ApiKeys, createApiKeys } from "../../identity/keys/api-keys.ts";
import type { KeyRegistry, ListedKey, StoredKey } from "../../identity/keys/key-store.ts";
import type { MailboxDatabase } from "./database.ts";

/** On the thread that asks: another one would take longer to be asked. */
export const nodeSha256: Sha256 = (text) => hash("sha256", text, "hex");

type MailboxStorage = Pick<MailboxDatabase, "database" | "transaction">;

type Row = { readonly record: string; readonly used_on: string | null };

const PAGE = 100;

/** API keys in the file of a mailbox. */
export const sqliteKeys = ({ database, transaction }: MailboxStorage): KeyRegistry => {
  const read = database.prepare("SELECT record, used_on FROM api_keys WHERE id = ?");
  const readPage = database.prepare("SELECT record, used_on FROM api_keys WHERE id > ? ORDER BY id LIMIT ?");
  const write = database.prepare("INSERT INTO api_keys (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record");
  const markUsed = database.prepare("UPDATE api_keys SET used_on = ? WHERE id = ?");
  const show = async (id: string): Promise<ListedKey | undefined> => {
    const row = read.get(id) as Row | undefined;
    return row && listed(row);
  };
  return {
    show,
    find: async (id) => (await show(id))?.key,
    async list(after = "") {
      const keys = (readPage.all(after, PAGE) as Row[]).map(listed);
      return { keys, next: keys.length === PAGE ? keys.at(-1)?.key.id : undefined };
    },
    async write(key) {
      await transaction(() => write.run(key.id, JSON.stringify(key)));
    },
    async markUsed(id, day) {
      await transaction(() => markUsed.run(day, id));
    },
  };
};

const listed = ({ record, used_on: usedOn }: Row): ListedKey => ({
  key: JSON.parse(record) as StoredKey,
  lastUsedOn: usedOn ?? undefined,
});

type ApiKeysOptions = { readonly environment: string; readonly time: Time; readonly log: Pick<Log, "warn"> };

/** The API keys in the file of a mailbox, as this process knows them. */
export const openApiKeys = (storage: MailboxStorage, { environment, time, log }: ApiKeysOptions): ApiKeys =>
  createApiKeys({
    registry: sqliteKeys(storage),
    environment,
    inBackground: (work) => void time.setImmediate(() => void work()),
    logError: (message, error) => log.warn({ err: error }, message),
    sha256: nodeSha256,
    now: time.now,
  });
