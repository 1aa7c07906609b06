import { MAX_WAIT_SECONDS } from "../protocol/limits.ts";
import type { ResponseHeaders } from "./responses.ts";
import type { StatusStore } from "./status-store.ts";

/** The preferences of a request that this API knows. */
type Preferences = {
  readonly respondAsync: boolean;
  /** Whole seconds, as the client asked; undefined if it did not ask, or not in the form of RFC 7240. */
  readonly waitSeconds: number | undefined;
};

const NO_PREFERENCES: Preferences = { respondAsync: false, waitSeconds: undefined };
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const DELTA_SECONDS = /^\d{1,10}$/;

/**
 * Reads `Prefer` (RFC 7240 §2, §4.1, §4.3). Several field lines arrive joined by commas. Names are compared without case,
 * the first of a repeated preference counts, and whatever is unknown or malformed is ignored, as the RFC asks.
 */
export const readPrefer = (field: string | null | undefined): Preferences => {
  if (!field) return NO_PREFERENCES;
  const preferences = new Map<string, string>();
  for (const element of splitOutsideQuotes(field, ",")) {
    const [preference = ""] = splitOutsideQuotes(element, ";");
    const [name, value] = readPair(preference);
    if (name !== undefined && !preferences.has(name)) preferences.set(name, value);
  }
  const wait = preferences.get("wait");
  return {
    respondAsync: preferences.has("respond-async"),
    waitSeconds: wait !== undefined && DELTA_SECONDS.test(wait) ? Number(wait) : undefined,
  };
};

/** How long to wait, in seconds; 0 where the store cannot. */
export const waitSecondsOf = ({ waitSeconds = 0 }: Preferences, { capabilities }: Pick<StatusStore, "capabilities">): number =>
  capabilities.wait ? Math.min(waitSeconds, MAX_WAIT_SECONDS) : 0;

/** Headers for the preferences that were applied (RFC 7240 §3): the longest wait, and whether the response came before the end. */
export const appliedHeaders = (waitSeconds: number, respondedAsync: boolean): ResponseHeaders => {
  const applied = [...(waitSeconds > 0 ? [`wait=${waitSeconds}`] : []), ...(respondedAsync ? ["respond-async"] : [])];
  return applied.length === 0 ? { vary: "Prefer" } : { vary: "Prefer", "preference-applied": applied.join(", ") };
};

const readPair = (text: string): [name: string | undefined, value: string] => {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase();
  if (!TOKEN.test(name)) return [undefined, ""];
  return [name, equals < 0 ? "" : unquote(text.slice(equals + 1).trim())];
};

const unquote = (text: string): string =>
  text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, "$1") : text;

/** Splits at a separator, but not within a quoted-string (RFC 9110 §5.6.4). */
const splitOutsideQuotes = (text: string, separator: "," | ";"): string[] => {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (quoted && character === "\\") index++;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
};
