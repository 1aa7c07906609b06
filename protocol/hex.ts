/** Bytes as hexadecimal digits, in lower case. Node has no `toHex` of its own yet. */
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
