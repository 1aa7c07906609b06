import { parseItem } from "structured-headers";
import type { Operation } from "../contract/operation.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Principal } from "./identity/principal.ts";
import type { Claim } from "./request-publisher.ts";
import type { Sha256 } from "./sha256.ts";

const MAX_LENGTH = 255;
/** Visible ASCII. Without a comma, since several field lines arrive joined by one, and without what begins a string or its parameters. */
const BARE = /^[!#-+\--:<-[\]-~]+$/;

/**
 * Reads `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07 §2.1): a string as RFC 9651 §3.3.3 has it, or its characters alone,
 * as many clients send them. Both are the same key. Parameters of a string have no meaning and are ignored.
 * @returns undefined if there is none
 * @throws RejoinderError `INVALID_IDEMPOTENCY_KEY`
 */
export const readIdempotencyKey = (field: string | undefined): string | undefined => {
  if (field === undefined) return undefined;
  const text = field.trim();
  const key = BARE.test(text) ? text : readString(text);
  if (key !== undefined && key.length > 0 && key.length <= MAX_LENGTH) return key;
  const detail = `Expected one field with a string of 1 to ${MAX_LENGTH} ASCII characters, such as Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324".`;
  throw new RejoinderError("INVALID_IDEMPOTENCY_KEY", { detail });
};

const readString = (text: string): string | undefined => {
  try {
    const [value] = parseItem(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
};

type Claiming = {
  readonly caller: Pick<Principal, "owner" | "subject">;
  readonly key: string;
  readonly operation: Pick<Operation, "name">;
  /** As it came. */
  readonly data: unknown;
  /** Of a command with `If-Match`. */
  readonly expectedVersion?: number | undefined;
  readonly sha256: Sha256;
};

/** As much of a digest as tells one thing from all others. */
const DIGITS = 32;

/**
 * What a request claims by its key. Another caller's claim has another name. The operation is not part of the name, so that a key that comes back
 * with another one is told apart from a new key.
 */
export const createClaim = async ({ caller, key, operation, data, expectedVersion, sha256 }: Claiming): Promise<Claim> => {
  // No JSON begins with two values, so this is no other request's.
  const condition = expectedVersion === undefined ? "" : `"${expectedVersion}" `;
  const request = sha256(`${operation.name} ${condition}${canonicalJson(data)}`);
  const [name, digest] = await Promise.all([claimNameOf({ caller, key, sha256 }), request]);
  return { name, request: digest.slice(0, DIGITS) };
};

/** The name of a caller's claim. */
const claimNameOf = async ({ caller, key, sha256 }: Pick<Claiming, "caller" | "key" | "sha256">): Promise<string> =>
  (await sha256(JSON.stringify([caller.owner, caller.subject ?? null, key]))).slice(0, DIGITS);

/**
 * The claims of a batch by its key: one for each place in it. All are in the shard of the key, and none is what a request that is sent alone can
 * claim, since no key has a line break.
 */
export const createBatchClaims = async ({
  shards,
  ...whole
}: Pick<Claiming, "caller" | "key" | "sha256"> & { readonly shards: number }) => ({
  shard: shardOf({ name: await claimNameOf(whole) }, shards),
  createClaim: (
    index: number,
    { operation, data, expectedVersion }: Pick<Claiming, "operation" | "data" | "expectedVersion">,
  ): Promise<Claim> => createClaim({ ...whole, key: `${whole.key}\n${index}`, operation, data, expectedVersion }),
});

/** The shard in which a claim is, and with it its request. */
export const shardOf = ({ name }: Pick<Claim, "name">, shards: number): number => Number.parseInt(name.slice(0, 8), 16) % shards;
