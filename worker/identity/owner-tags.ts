import { toHex } from "../../protocol/hex.ts";
import { deriveKey, macOf } from "./derived-key.ts";
import type { Principal } from "./principal.ts";

/** The tags of a subject in correlation IDs. */
export type OwnerTags = Required<Pick<Principal, "owner" | "formerOwners">>;

type OwnerTagsOptions = {
  /** Of correlation IDs, newest first: an ID keeps the tag of the secret that signed it. */
  readonly secrets: readonly { readonly secret: string }[];
  readonly environment: string;
};

const TAG_BYTES = 6;
/** Callers come again and again: most tags are made once. */
const MAX_REMEMBERED = 1_000;

/**
 * Makes the owner tags of subjects: the first 6 bytes of an HMAC, so that an ID tells nobody whose it is. Two subjects have the same tag once in
 * 2^48.
 */
export const createOwnerTags = ({ secrets, environment }: OwnerTagsOptions) => {
  let keys: Promise<CryptoKey[]> | undefined;
  const remembered = new Map<string, OwnerTags>();

  return async (subject: string): Promise<OwnerTags> => {
    const known = remembered.get(subject);
    if (known !== undefined) return known;
    keys ??= Promise.all(secrets.map(({ secret }) => deriveKey(new TextEncoder().encode(secret), `rejoinder owner ${environment}`)));
    const macs = await Promise.all((await keys).map((key) => macOf(key, subject)));
    const [owner = "", ...formerOwners] = macs.map((mac) => toHex(mac.subarray(0, TAG_BYTES)));
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const tags = { owner, formerOwners };
    remembered.set(subject, tags);
    return tags;
  };
};
