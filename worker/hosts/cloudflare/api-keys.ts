import { waitUntil } from "cloudflare:workers";
import { type ApiKeys, createApiKeys } from "../../identity/keys/api-keys.ts";
import { kvKeys } from "../../identity/keys/kv-keys.ts";

/** The API keys in a namespace of Workers KV, as one isolate knows them. */
export const openApiKeys = (namespace: KVNamespace, environment: string): ApiKeys =>
  createApiKeys({
    registry: kvKeys(namespace),
    environment,
    inBackground: (work) => waitUntil(work()),
    logError: (message, error) => console.warn(message, error),
  });
