import { GatewayError } from "../gateway-error.ts";

/** Where a request goes: `/name/path...?query`. */
export type Target = { readonly name: string; readonly path: readonly string[]; readonly query: URLSearchParams };

/**
 * Splits a request's target into decoded segments, without one slash at the end.
 * @throws GatewayError 400 if a segment cannot be decoded.
 */
export const parseTarget = (target: string): Target => {
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  const [name = "", ...rest] = path
    .slice(1, path.endsWith("/") ? -1 : undefined)
    .split("/")
    .map(decode);
  return { name, path: rest, query: new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1)) };
};

const decode = (segment: string): string => {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GatewayError(400, `Expected the path to be percent-encoded UTF-8, got ${JSON.stringify(segment)}.`);
  }
};
