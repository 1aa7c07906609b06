import type { IncomingMessage } from "node:http";

/** The CORS headers of a response (Fetch standard). Undefined: the page may not call. */
export type Cors = (request: IncomingMessage) => Readonly<Record<string, string>> | undefined;

/** How long a browser may remember that a page may call, in seconds: the longest that browsers accept. */
const MAX_AGE_SECONDS = 7200;

/**
 * Lets pages of these origins call, or with `*` all pages. Cookies and other credentials of the browser are never allowed: a page needs its
 * own, so it may do no more than any other program.
 */
export const createCors = (origins: readonly string[]): Cors => {
  const allowsAll = origins.includes("*");
  return ({ method, headers }) => {
    const { origin } = headers;
    if (origin === undefined || !(allowsAll || origins.includes(origin))) return undefined;
    const asked = headers["access-control-request-headers"];
    return {
      "access-control-allow-origin": allowsAll ? "*" : origin,
      "access-control-expose-headers": "Retry-After",
      ...(allowsAll ? {} : { vary: "Origin" }),
      ...(method === "OPTIONS"
        ? {
            "access-control-allow-methods": "GET, POST, DELETE",
            // A webhook's headers become the record's, so there is no list of them.
            ...(asked === undefined ? {} : { "access-control-allow-headers": asked }),
            "access-control-max-age": String(MAX_AGE_SECONDS),
          }
        : {}),
    };
  };
};

/** A browser that asks whether a page may call, before it lets it. */
export const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
