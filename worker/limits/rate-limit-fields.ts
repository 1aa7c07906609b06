import { serializeList } from "structured-headers";
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
 * them. A partition key is not told, since it would name the caller.
 */
export const rateLimitFields = (states: readonly LimitState[]): ResponseHeaders => {
  if (states.length === 0) return {};
  const known = states.filter(({ remaining }) => remaining !== undefined);
  return {
    "ratelimit-policy": listOf(states, ({ quota, windowSeconds }) => [
      ["q", quota],
      windowSeconds === undefined ? ["qu", "concurrent-requests"] : ["w", windowSeconds],
    ]),
    ...(known.length > 0 && {
      ratelimit: listOf(known, ({ remaining, resetSeconds }) => [
        ["r", remaining as number],
        ...(resetSeconds === undefined ? [] : [["t", resetSeconds] as const]),
      ]),
    }),
  };
};

const listOf = (
  states: readonly LimitState[],
  parametersOf: (state: LimitState) => readonly (readonly [name: string, value: string | number])[],
): string => serializeList(states.map((state) => [state.name, new Map(parametersOf(state))]));
