import { type Authenticate } from "../authenticate.ts";
import type { Sha256 } from "../../sha256.ts";
import { keyAuthenticator } from "./key-authenticator.ts";
import { cacheKeys, type KeyCacheOptions } from "./key-cache.ts";
import type { KeyRegistry } from "./key-store.ts";

/** The API keys of a Worker. */
export type ApiKeys = {
  /** Knows callers by them. */
  readonly authenticate: Authenticate;
  /** For whoever manages them. */
  readonly keys: KeyRegistry;
  /** The ENVIRONMENT that they are for. */
  readonly environment: string;
};

type ApiKeysOptions = KeyCacheOptions & { readonly environment: string; readonly sha256?: Sha256 | undefined };

/** The API keys of a registry, as this process remembers them. */
export const createApiKeys = ({ environment, sha256, ...options }: ApiKeysOptions): ApiKeys => {
  const keys = cacheKeys(options);
  return { keys, environment, authenticate: keyAuthenticator({ keys, environment, onUsed: keys.used, sha256, now: options.now }) };
};
