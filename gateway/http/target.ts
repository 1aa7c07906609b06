import { GatewayError } from "../gateway-error.ts";

/** Where a request goes: `/name/path...?query`. */
export type Target = { readonly name: string; readonly path: readonly string[]; readonly query: Query };

export type Query = Pick<URLSearchParams, "get">;

const NO_QUERY: Query = { get: () => null };

/**
 * Splits request targets into decoded segments and drops a slash at the end. Remembers those without a query, since most callers use a few
 * over and over. The function throws a GatewayError 400 if a segment cannot be decoded.
 */
export const createTargetReader = (): ((target: string) => Target) => {
  const known = new Map<string, Target>();
  return (target) => {
    let found = known.get(target);
    if (found !== undefined) return found;
    found = parseTarget(target);
    if (known.size < MOST_REMEMBERED && target.length < LONGEST_REMEMBERED && !target.includes("?")) known.set(target, found);
    return found;
  };
};

const MOST_REMEMBERED = 1000;
const LONGEST_REMEMBERED = 256;

const parseTarget = (target: string): Target => {
  if (!target.startsWith("/")) return parseTarget(originForm(target));
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  const [name = "", ...rest] = path
    .slice(1, path.endsWith("/") ? -1 : undefined)
    .split("/")
    .map(decode);
  return { name, path: rest, query: mark === -1 ? NO_QUERY : new URLSearchParams(target.slice(mark + 1)) };
};

/** A request through a proxy may name scheme and host too (RFC 9112 §3.2.2). */
const originForm = (target: string): string => `/${target.replace(/^https?:\/\/[^/?]*\/?/i, "")}`;

const decode = (segment: string): string => {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GatewayError(400, `Expected the path to be percent-encoded UTF-8, got ${JSON.stringify(segment)}.`);
  }
};
