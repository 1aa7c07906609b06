import { decodeProtectedHeader } from "jose";
import { unauthenticated } from "../authenticate.ts";

/** What the header of a signed token says of it. Keys that it brings along are not read at all. */
export type TokenHeader = { readonly typ?: unknown; readonly alg?: unknown; readonly kid?: unknown };

/** Longer than tokens with many groups are, and read before anything is decoded. */
const MAX_TOKEN_LENGTH = 8_192;

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * The header of a JWS in its compact form (RFC 7515 §7.1); undefined if the text is none.
 * @throws `UNAUTHENTICATED` if it is too long, or its header is no JSON
 */
export const readTokenHeader = (text: string): TokenHeader | undefined => {
  if (!text.includes(".")) return undefined;
  if (text.length > MAX_TOKEN_LENGTH) throw unauthenticated(`Expected a token of at most ${MAX_TOKEN_LENGTH} characters.`);
  if (!COMPACT_JWS.test(text)) return undefined;
  try {
    return decodeProtectedHeader(text);
  } catch {
    throw unauthenticated("Expected the first part of the token to be the base64url of a JSON object.");
  }
};
