import { GatewayError } from "../gateway-error.ts";

/** Where a request goes: `/name/path...?query`. */
export type Target = { readonly name: string; readonly path: readonly string[]; readonly query: Query };

export type Query = Pick<URLSearchParams, "get">;

const NO_QUERY: Query = { get: () => null };

/**
 * Splits a request's target into decoded segments, without one slash at the end.
 * @throws GatewayError 400 if a segment cannot be decoded.
 */
export const parseTarget = (target: string): Target => {
  if (!target.startsWith("/")) return parseTarget(originForm(target));
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  const [name = "", ...rest] = path
    .slice(1, path.endsWith("/") ? -1 : undefined)
    .split("/")
    .map(decode);
  return { name, path: rest, query: mark === -1 ? NO_QUERY : new URLSearchParams(target.slice(mark + 1)) };
};

/** What comes through a proxy may name scheme and host too (RFC 9112 §3.2.2). */
const originForm = (target: string): string => `/${target.replace(/^https?:\/\/[^/?]*\/?/i, "")}`;

const decode = (segment: string): string => {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GatewayError(400, `Expected the path to be percent-encoded UTF-8, got ${JSON.stringify(segment)}.`);
  }
};
