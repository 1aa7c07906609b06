import type { Log } from "../environment/log.ts";
import type { Time } from "../environment/time.ts";
import type { GatewayError } from "./gateway-error.ts";

/** How long a line is not repeated. */
const QUIET_MS = 60_000;
const MAX_REASONS = 100;

/**
 * Logs calls that failed through no fault of the caller's. A failure that passes by itself, such as a full disk or a cluster that is away, is logged
 * without a stack, and once a minute for each route and reason: under load it fails thousands of calls a second. Only the route is logged: a path can
 * carry a record, and a query a password.
 */
export const createFailureLog = (log: Pick<Log, "warn" | "error">, time: Time): ((error: GatewayError, route: string) => void) => {
  const toldAt = new Map<string, number>();
  return ({ status, message, retryAfterSeconds, cause }, route) => {
    if (retryAfterSeconds === undefined) return log.error({ err: cause, status, route }, message);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const told = `${route}: ${reason}`;
    const last = toldAt.get(told);
    if (last !== undefined && time.now() - last < QUIET_MS) return;
    if (toldAt.size >= MAX_REASONS) toldAt.clear();
    toldAt.set(told, time.now());
    log.warn({ reason, status, route }, message);
  };
};
