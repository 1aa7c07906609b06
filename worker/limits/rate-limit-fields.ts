import type { ResponseHeaders } from "../responses.ts";

/** A limit, and what a caller has left of it. */
export type LimitState = {
  /** Of the policy. */
  readonly name: "burst" | "day" | "month" | "concurrent";
  readonly quota: number;
  /** Absent: requests that have not ended are counted, however long ago they came. */
  readonly windowSeconds?: number;
  /** Absent: whoever counts does not say. */
  readonly remaining?: number;
  /** In how many seconds there is more. */
  readonly resetSeconds?: number;
};

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11). Its successor may rename the parameters, so nothing else knows
 * them. A partition key is not told, since it would name the caller. Names and whole numbers are lists of RFC 9651 as they are: a serializer would take
 * as long as the rest of the limits.
 */
export const rateLimitFields = (states: readonly LimitState[]): ResponseHeaders => {
  if (states.length === 0) return {};
  const known = states.filter(({ remaining }) => remaining !== undefined);
  return {
    "ratelimit-policy": states
      .map(({ name, quota, windowSeconds }) =>
        windowSeconds === undefined ? `"${name}";q=${quota};qu="concurrent-requests"` : `"${name}";q=${quota};w=${windowSeconds}`,
      )
      .join(", "),
    ...(known.length > 0 && {
      ratelimit: known
        .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining}${resetSeconds === undefined ? "" : `;t=${resetSeconds}`}`)
        .join(", "),
    }),
  };
};
