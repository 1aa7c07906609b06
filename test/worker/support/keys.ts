import { createApiKey } from "../../../worker/identity/keys/api-key.ts";
import type { KeyAnswers } from "../../../worker/identity/keys/key-actions.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { signedPost } from "./redrives.ts";
import type { TestHost } from "./test-host.ts";

type Action<Name> = { readonly action: Name } & Readonly<Record<string, unknown>>;

type NewKey = {
  readonly scopes?: readonly string[];
  readonly subject?: string;
  readonly plan?: string;
  readonly webhook?: string;
  readonly expiresAt?: number;
};

/** What is made of a key where it is made, and the key. */
export const makeKey = async (environment: string) => {
  const { id, key } = createApiKey(environment);
  return { key, made: { id, hash: await host.sha256(key) } };
};

/** Whoever manages the keys of a Worker, as `rejoinder keys` does it. */
export const keyOperator = (call: TestHost["call"], now: () => number = Date.now) => {
  /** A signed call of `POST /keys`. */
  const ask = async (action: unknown): Promise<Response> => call("/keys", await signedPost(action, { now }));
  /** The same, where it is done. */
  const done = async <Name extends keyof KeyAnswers>(action: Action<Name>): Promise<KeyAnswers[Name]> => {
    const response = await ask(action);
    if (response.status !== 200) throw new Error(await response.text());
    return await response.json();
  };
  return {
    ask,
    done,
    async create(rest: NewKey = {}) {
      const { environment } = await done({ action: "describe" });
      const { key, made } = await makeKey(environment);
      const view = await done({ action: "create", key: { ...made, subject: made.id, scopes: ["requests:*", "status:read"], ...rest } });
      return { key, view };
    },
  };
};
