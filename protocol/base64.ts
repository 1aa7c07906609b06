/** A call can surely take this many arguments. */
const CHUNK = 8_192;

/** Base64 (RFC 4648 §4) of bytes. */
export const toBase64 = (bytes: Uint8Array): string => {
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK) binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  return btoa(binary);
};

/** Base64 of text, in UTF-8. */
export const textToBase64 = (text: string): string => toBase64(new TextEncoder().encode(text));

/** The bytes of base64 text, or undefined if the text is not base64. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
};
