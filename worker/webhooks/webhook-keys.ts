import { ConfigurationError } from "../../environment/environment.ts";
import { signWebhookByAll, type WebhookHeaders, type WebhookMessage, type WebhookSigner } from "../../protocol/webhook-signature.ts";
import { openSigningKey, type SigningKey } from "./signing-key.ts";

/** All that webhooks are signed by. */
export type WebhookKeys = {
  /** The three headers of one attempt, with a signature of each key. @throws ConfigurationError as `publicKeys` */
  sign(message: WebhookMessage): Promise<WebhookHeaders>;
  /** `whpk_…` of each signing key, the newest first. @throws ConfigurationError if WEBHOOK_SIGNING_KEY contradicts itself */
  publicKeys(): Promise<readonly string[]>;
};

type WebhookKeysConfig = {
  readonly WEBHOOK_SECRET?: readonly Uint8Array<ArrayBuffer>[] | undefined;
  readonly WEBHOOK_SIGNING_KEY?: readonly SigningKey[] | undefined;
};

/** The keys that the variables name, each imported at the first use; undefined if there are none, and so no webhooks. */
export const createWebhookKeys = ({
  WEBHOOK_SECRET: secrets = [],
  WEBHOOK_SIGNING_KEY: signingKeys = [],
}: WebhookKeysConfig): WebhookKeys | undefined => {
  if (secrets.length + signingKeys.length === 0) return undefined;
  const open = async () => {
    const keys = await openAll(signingKeys);
    const signers: readonly WebhookSigner[] = [
      ...(await Promise.all(secrets.map(openSecret))),
      ...keys.map(({ sign }) => ({ version: "v1a", sign }) as const),
    ];
    return { signers, publicKeys: keys.map(({ publicKey }) => publicKey) };
  };
  let opened: ReturnType<typeof open> | undefined;
  const keys = () => (opened ??= open());
  return {
    sign: async (message) => signWebhookByAll((await keys()).signers, message),
    publicKeys: async () => (await keys()).publicKeys,
  };
};

const openAll = async (signingKeys: readonly SigningKey[]) => {
  try {
    return await Promise.all(signingKeys.map(openSigningKey));
  } catch (error) {
    throw new ConfigurationError([`WEBHOOK_SIGNING_KEY: ${(error as Error).message}. Make one by: rejoinder webhooks new-key`]);
  }
};

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

const openSecret = async (secret: Uint8Array<ArrayBuffer>): Promise<WebhookSigner> => {
  const key = await crypto.subtle.importKey("raw", secret, HMAC, false, ["sign"]);
  return { version: "v1", sign: async (content) => new Uint8Array(await crypto.subtle.sign(HMAC, key, content)) };
};
