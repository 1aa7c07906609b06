import { MAX_JSON_DEPTH } from "./limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `{` and `[` differ in one bit, as `}` and `]` do. */
const OPENING = 0x7b;
const CLOSING = 0x7d;
const BRACE_BIT = 0x20;

/** Whether objects and arrays are nested more than so many levels deep. @param text JSON, perhaps malformed */
export const isTextTooDeep = (text: string, levels: number): boolean => {
  // Each level takes two characters, so short text needs no look.
  if (text.length <= 2 * levels) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if ((code | BRACE_BIT) === OPENING) {
      if ((depth += 1) > levels) return true;
    } else if ((code | BRACE_BIT) === CLOSING) depth -= 1;
  }
  return false;
};

/** The index of the quote that closes the string at `start`, or the end of the text. */
export const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
};

/** What is wrong with a value, and where (RFC 6901). */
export type ShapeFault = { readonly path: string; readonly message: string };

/** A longer way to a place is not told. */
export const MAX_PATH_LENGTH = 256;

const PROTO = "__proto__";

/**
 * Why a value must not be given to a schema; undefined if it may. A schema that recurses overflows the stack on one that is too deep, and many
 * drop a member called `__proto__` without a word.
 */
export const shapeFaultOf = (value: unknown, levels = MAX_JSON_DEPTH): ShapeFault | undefined => {
  if (typeof value !== "object" || value === null) return undefined;
  if (levels === 0) return { path: "", message: `Expected at most ${MAX_JSON_DEPTH} levels of objects and arrays.` };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const fault = shapeFaultOf(value[index], levels - 1);
      if (fault !== undefined) return below(String(index), fault);
    }
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (name === PROTO) return { path: `/${PROTO}`, message: `Expected no member called ${PROTO}.` };
    const fault = shapeFaultOf((value as Record<string, unknown>)[name], levels - 1);
    if (fault !== undefined) return below(name, fault);
  }
  return undefined;
};

const below = (step: string, { path, message }: ShapeFault): ShapeFault => {
  const pointer = pointerStep(step) + path;
  return { path: pointer.length > MAX_PATH_LENGTH ? "" : pointer, message };
};

/** Whether JSON text may have a member called `__proto__`: a look that costs next to nothing. Its letters may be escaped. */
export const mayHaveProto = (text: string): boolean => text.includes(PROTO) || text.includes("\\u00");

/** A step of a JSON Pointer (RFC 6901 §3). */
export const pointerStep = (key: string): string => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
