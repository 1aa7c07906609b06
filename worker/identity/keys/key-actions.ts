import * as z from "zod";
import { RejoinderError } from "../../../protocol/errors.ts";
import { MAX_SAID_LENGTH } from "../guard.ts";
import { isApiKeyId, shortEnvironment } from "./api-key.ts";
import { checkWebhookUrl, type WebhookUrlPolicy } from "../../webhooks/webhook-url.ts";
import type { KeyRegistry, ListedKey, StoredKey } from "./key-store.ts";

/** A key as its operator sees it. Times are those of RFC 3339. */
export type KeyView = {
  readonly id: string;
  /** `replaced`: it goes on until `expiresAt`, and another one was made in its place. */
  readonly state: "active" | "replaced" | "expired" | "revoked";
  readonly name?: string | undefined;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly plan?: string | undefined;
  readonly webhook?: string | undefined;
  readonly createdAt: string;
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
  readonly replacedBy?: string | undefined;
  /** A day of UTC, YYYY-MM-DD. */
  readonly lastUsedOn?: string | undefined;
};

/** A year: nobody overlaps longer. */
const MAX_OVERLAP_SECONDS = 366 * 86_400;

const id = z.string().refine(isApiKeyId, "the ID of a key: 8 characters of base58");
const word = (most: number) => z.string().regex(new RegExp(`^[^\\p{C}]{1,${most}}$`, "u"), `1 to ${most} characters`);
const wholeNumber = (most: number) =>
  z.number().refine((value) => Number.isInteger(value) && value >= 0 && value <= most, `a whole number of at most ${most}`);
/** What is made where the key was made: the key itself never comes here. */
const made = { id, hash: z.string().regex(/^[0-9a-f]{64}$/, "SHA-256 as hex"), expiresAt: wholeNumber(8.64e15).optional() };

/** What each action takes. */
const ACTIONS = {
  describe: z.object({}),
  list: z.object({ after: z.string().max(1_000).optional() }),
  show: z.object({ id }),
  revoke: z.object({ id }),
  create: z.object({
    key: z.object({
      ...made,
      subject: word(200),
      scopes: z.array(z.string()),
      plan: word(100).optional(),
      name: word(100).optional(),
      webhook: z.string().max(2_048).optional(),
    }),
  }),
  rotate: z.object({ id, key: z.object(made), overlapSeconds: wholeNumber(MAX_OVERLAP_SECONDS) }),
};

/** What can be done with the keys of a Worker. */
export type KeyAction = { [Name in ActionName]: { readonly action: Name } & MembersOf<Name> }[ActionName];

type ActionName = keyof typeof ACTIONS;
type MembersOf<Name extends ActionName> = Name extends "describe" ? unknown : z.output<(typeof ACTIONS)[Name]>;

/** What each action answers. */
export type KeyAnswers = {
  readonly describe: { readonly environment: string; readonly scopes: readonly string[] };
  readonly list: { readonly keys: readonly KeyView[]; readonly next?: string | undefined };
  readonly show: KeyView;
  readonly revoke: KeyView;
  readonly create: KeyView;
  /** The new key. */
  readonly rotate: KeyView;
};

const isName = (name: unknown): name is ActionName => typeof name === "string" && Object.hasOwn(ACTIONS, name);

/** @throws RejoinderError INVALID_KEY_ACTION */
export const readKeyAction = (value: unknown): KeyAction => {
  const { action } = (typeof value === "object" && value !== null ? value : {}) as { readonly action?: unknown };
  if (!isName(action)) throw invalid(`Expected action to be one of ${Object.keys(ACTIONS).join(", ")}.`);
  const read = ACTIONS[action].safeParse(value);
  if (read.success) return { action, ...read.data } as KeyAction;
  const { path, message } = read.error.issues[0] as z.core.$ZodIssue;
  throw invalid(`Expected another value at /${path.join("/")}: ${message}.`);
};

const invalid = (detail: string): RejoinderError => new RejoinderError("INVALID_KEY_ACTION", { detail });

type KeyActionsOptions = {
  readonly registry: KeyRegistry;
  /** ENVIRONMENT of the Worker. */
  readonly environment: string;
  /** All scopes that there are. */
  readonly scopes: readonly string[];
  /** Where webhooks may go. Absent: they are switched off. */
  readonly webhookPolicy?: WebhookUrlPolicy | undefined;
  readonly now: () => number;
};

/** Does what an operator asks for. Rejects with the RejoinderError that says why it was not done. */
export const createKeyActions = ({ registry, environment, scopes, webhookPolicy, now }: KeyActionsOptions) => {
  const view = ({ key, lastUsedOn }: ListedKey): KeyView => viewOf(key, lastUsedOn, now());

  const expectKey = async (keyId: string): Promise<ListedKey> => {
    const listed = await registry.show(keyId);
    if (listed !== undefined) return listed;
    throw new RejoinderError("UNKNOWN_KEY", { detail: `There is no API key ${keyId}. See: rejoinder keys list` });
  };
  const expectNew = async (keyId: string): Promise<void> => {
    if ((await registry.show(keyId)) !== undefined)
      throw new RejoinderError("KEY_EXISTS", { detail: `There is an API key ${keyId} already. Make another one.` });
  };
  const checkWebhook = (url: string | undefined): string | undefined => {
    if (url === undefined) return undefined;
    if (webhookPolicy === undefined)
      throw invalid("This Worker sends no webhooks. Set WEBHOOK_SIGNING_KEY or WEBHOOK_SECRET, with REPLY_STORE=mailbox.");
    const checked = checkWebhookUrl(url, webhookPolicy);
    if (!checked.ok) throw invalid(`The URL for webhooks is refused. ${checked.reason}`);
    return checked.url;
  };
  const write = async (key: StoredKey): Promise<KeyView> => {
    await registry.write(key);
    return view({ key });
  };

  return async (asked: KeyAction): Promise<KeyAnswers[KeyAction["action"]]> => {
    if (asked.action === "describe") return { environment: shortEnvironment(environment), scopes };
    if (asked.action === "list") {
      const { keys, next } = await registry.list(asked.after);
      return { keys: keys.map(view), next };
    }
    if (asked.action === "create") {
      if (asked.key.scopes.length === 0) throw invalid(`Expected some of the scopes ${scopes.join(", ")}.`);
      const unknown = asked.key.scopes.filter((scope) => !scopes.includes(scope));
      if (unknown.length > 0) throw invalid(`There is no scope ${unknown[0]?.slice(0, 100)}. Expected some of ${scopes.join(", ")}.`);
      if (JSON.stringify({ scopes: asked.key.scopes, plan: asked.key.plan }).length > MAX_SAID_LENGTH)
        throw invalid(`Expected scopes and plan of ${MAX_SAID_LENGTH} characters of JSON at most. Use requests:* in place of many scopes.`);
      const webhook = checkWebhook(asked.key.webhook);
      await expectNew(asked.key.id);
      return await write({ ...asked.key, ...(webhook !== undefined && { webhook }), createdAt: now() });
    }
    const listed = await expectKey(asked.id);
    const { key } = listed;
    if (asked.action === "show") return view(listed);
    if (asked.action === "revoke") {
      if (key.revokedAt !== undefined) return view(listed);
      const revoked = { ...key, revokedAt: now() };
      await registry.write(revoked);
      return view({ ...listed, key: revoked });
    }
    const { state } = view(listed);
    if (state !== "active") {
      const instead = key.replacedBy === undefined ? "Make another one: rejoinder keys create." : `Rotate ${key.replacedBy} instead.`;
      throw new RejoinderError("KEY_ENDED", { detail: `The API key ${key.id} is ${state}. ${instead}` });
    }
    await expectNew(asked.key.id);
    const { subject, scopes: kept, plan, name, webhook, createdAt, expiresAt } = key;
    // As long a life as the old one had, unless somebody says otherwise.
    const end = asked.key.expiresAt ?? (expiresAt === undefined ? undefined : now() + expiresAt - createdAt);
    // The new one first: a crash in between leaves both.
    const next = await write({ ...asked.key, subject, scopes: kept, plan, name, webhook, createdAt: now(), expiresAt: end });
    const overlapsUntil = now() + asked.overlapSeconds * 1_000;
    await registry.write({ ...key, replacedBy: next.id, expiresAt: Math.min(expiresAt ?? overlapsUntil, overlapsUntil) });
    return next;
  };
};

const viewOf = (key: StoredKey, lastUsedOn: string | undefined, now: number): KeyView => {
  const { id: keyId, name, subject, scopes, plan, webhook, createdAt, expiresAt, revokedAt, replacedBy } = key;
  return {
    id: keyId,
    state: stateOf(key, now),
    name,
    subject,
    scopes,
    plan,
    webhook,
    createdAt: timeText(createdAt),
    expiresAt: expiresAt === undefined ? undefined : timeText(expiresAt),
    revokedAt: revokedAt === undefined ? undefined : timeText(revokedAt),
    replacedBy,
    lastUsedOn,
  };
};

const stateOf = ({ revokedAt, expiresAt, replacedBy }: StoredKey, now: number): KeyView["state"] => {
  if (revokedAt !== undefined) return "revoked";
  if (expiresAt !== undefined && expiresAt <= now) return "expired";
  return replacedBy === undefined ? "active" : "replaced";
};

const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString();
