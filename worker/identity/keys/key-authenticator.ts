import { RejoinderError } from "../../../protocol/errors.ts";
import { type Authenticate, bearerOf, unauthenticated } from "../authenticate.ts";
import { type Sha256, webSha256 } from "../../sha256.ts";
import { API_KEY_PREFIX, isSameHash, readApiKey, shortEnvironment } from "./api-key.ts";
import type { KeyStore } from "./key-store.ts";

type KeyAuthenticatorOptions = {
  readonly keys: KeyStore;
  /** ENVIRONMENT: a key of another one is refused. */
  readonly environment: string;
  /** Called with the ID of each key that is let through. */
  readonly onUsed?: ((id: string) => void) | undefined;
  readonly sha256?: Sha256 | undefined;
  readonly now?: (() => number) | undefined;
};

/** Knows callers by the API key in `Authorization: Bearer rj_…`. Other credentials are not its own. */
export const keyAuthenticator = ({
  keys,
  environment,
  onUsed = () => {},
  sha256 = webSha256,
  now = Date.now,
}: KeyAuthenticatorOptions): Authenticate => {
  const own = shortEnvironment(environment);

  return async (request) => {
    const text = bearerOf(request);
    if (text?.startsWith(API_KEY_PREFIX) !== true) return undefined;
    const read = readApiKey(text);
    if (read === undefined)
      throw unauthenticated("Expected an API key such as rj_live_ID_SECRET, of 8 and 44 characters of base58. Copy it as a whole.");
    if (read.environment !== own)
      throw unauthenticated(`The API key is for the environment ${read.environment}, and this is ${own}. Use a key that was made here.`);
    const [key, hash] = await Promise.all([find(keys, read.id), sha256(text)]);
    // One answer for both, and one time: whoever guesses learns nothing about which IDs there are.
    const isKnown = isSameHash(hash, key?.hash ?? NO_HASH);
    if (key === undefined || !isKnown) throw unauthenticated("There is no such API key. Make one: rejoinder keys create.");
    if (key.revokedAt !== undefined) throw unauthenticated("The API key was revoked. Ask its operator for another one.");
    if (key.expiresAt !== undefined && key.expiresAt <= now())
      throw unauthenticated(`The API key has expired at ${new Date(key.expiresAt).toISOString()}. Ask its operator for another one.`);
    onUsed(key.id);
    const { id, subject, scopes, plan, webhook: url } = key;
    return { subject, authtype: "api_key", scopes, plan, ...(url !== undefined && { webhook: { url, keyId: id } }) };
  };
};

/** Of no key. */
const NO_HASH = "0".repeat(64);

const find = async (keys: KeyStore, id: string) => {
  try {
    return await keys.find(id);
  } catch (cause) {
    throw new RejoinderError("STORE_UNAVAILABLE", { detail: "The store of API keys could not be reached.", cause });
  }
};
