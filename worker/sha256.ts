import { toHex } from "../protocol/hex.ts";

/** SHA-256 of text in UTF-8, as hex. */
export type Sha256 = (text: string) => string | Promise<string>;

const encoder = new TextEncoder();

/** That of the web, as in a Worker. */
export const webSha256: Sha256 = async (text) => toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
