import { createApiKey } from "../../../worker/identity/keys/api-key.ts";
import type { KeyAnswers } from "../../../worker/identity/keys/key-actions.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { signedPost } from "./redrives.ts";
import { call } from "./worker.ts";

type Action<Name> = { readonly action: Name } & Readonly<Record<string, unknown>>;

/** A signed call of `POST /keys`, as `rejoinder keys` makes it. */
export const askKeys = async (action: unknown): Promise<Response> => call("/keys", await signedPost(action));

/** The same, where it is done. */
export const doneKeys = async <Name extends keyof KeyAnswers>(action: Action<Name>): Promise<KeyAnswers[Name]> => {
  const response = await askKeys(action);
  if (response.status !== 200) throw new Error(await response.text());
  return await response.json();
};

/** What is made of a key where it is made, and the key. */
export const makeKey = async (environment: string) => {
  const { id, key } = createApiKey(environment);
  return { key, made: { id, hash: await host.sha256(key) } };
};

/** Has the Worker under test take a new key. */
export const createKey = async (
  rest: { readonly scopes?: readonly string[]; readonly subject?: string; readonly expiresAt?: number } = {},
) => {
  const { environment } = await doneKeys({ action: "describe" });
  const { key, made } = await makeKey(environment);
  const view = await doneKeys({ action: "create", key: { ...made, subject: made.id, scopes: ["requests:*", "status:read"], ...rest } });
  return { key, view };
};
