import { waitUntil } from "cloudflare:workers";
import { cacheKeys, type CachedKeys } from "../../identity/keys/key-cache.ts";
import { kvKeys } from "../../identity/keys/kv-keys.ts";

/** The API keys in a namespace of Workers KV, as one isolate knows them. */
export const openApiKeys = (namespace: KVNamespace): CachedKeys =>
  cacheKeys({
    registry: kvKeys(namespace),
    inBackground: (work) => waitUntil(work()),
    logError: (message, error) => console.warn(message, error),
  });
