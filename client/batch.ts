import type { Problem } from "../protocol/problem.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { Fail } from "./client-error.ts";
import type { Exchange } from "./exchange.ts";
import { MAX_RESENDS, type Work } from "./follow.ts";
import { pause } from "./pause.ts";

type Batch = {
  /** JSON text of each request, and its operation. */
  readonly items: readonly { readonly operation: string; readonly body: string; readonly ifMatch?: number | undefined }[];
  /** As of a request that is sent alone, see `Work`. */
  readonly idempotencyKey: string | undefined;
  readonly onKeyRefused: (() => void) | undefined;
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
  readonly fail: Fail;
  /** A key for a request that is sent again alone. */
  readonly createKey: () => string | undefined;
};

type Accepted = StatusBody & { readonly location: string; readonly retryAfterSeconds: number; readonly idempotentReplayed?: true };

/** What the server says of one request: 202, or why it was refused. */
type Result = (Accepted & { readonly status: 202 }) | Problem;

/**
 * Sends requests together. Resolves to what is left to do for each: to follow it, or to send it alone if the server could not take it then; or to why
 * it was refused. Rejects with a ClientError if that holds for all of them.
 */
export const sendBatch = async ({ items, idempotencyKey, onKeyRefused, exchange, signal, fail, createKey }: Batch) => {
  const texts = items.map(({ operation, body: data, ifMatch }) => {
    return `{"operation":${JSON.stringify(operation)},"data":${data}${ifMatch === undefined ? "" : `,"ifMatch":${ifMatch}`}}`;
  });
  const body = `{"requests":[${texts.join()}]}`;
  let key = idempotencyKey;
  for (let failures = 0; ; failures += 1) {
    const {
      lost,
      isLasting,
      problem,
      reply,
      retryAfterMs = 0,
    } = await exchange({
      path: "/requests:batch",
      body,
      key,
      waitSeconds: 0,
      signal,
    });
    const { results } = (reply ?? {}) as { readonly results?: readonly Result[] };
    const canResend = key !== undefined && failures < MAX_RESENDS;
    if (problem?.code === "NOT_SUPPORTED" && key !== undefined && onKeyRefused !== undefined) {
      onKeyRefused();
      key = undefined;
    } else if (problem?.["retryable"] === true || (lost !== undefined && canResend && isLasting !== true)) {
      await pause(retryAfterMs, failures, signal);
    } else if (problem !== undefined) throw fail(problem);
    else if (results === undefined) throw lost === undefined ? fail("UNEXPECTED_ANSWER") : fail(...lost);
    // It is not known what has become of some: the server recognises all others.
    else if (canResend && results.some((result) => "code" in result && result.code === "STORE_UNAVAILABLE"))
      await pause(0, failures, signal);
    else
      return items.map((item, index): (() => Promise<Work>) | Problem => {
        const result = results[index] as Result;
        if (!("code" in result)) {
          const { status: _, location: _location, retryAfterSeconds: _seconds, idempotentReplayed: _replayed, ...status } = result;
          // Of one that came before, the reply is not told.
          return async () => ({ correlationId: status.correlationId, ...(status.state === "accepted" && { status }) });
        }
        const { correlationId, retryAfterSeconds, retryable } = result as Problem & Partial<Accepted>;
        if (correlationId !== undefined) return async () => ({ correlationId, isUncertain: true });
        if (retryable !== true || result.code === "STORE_UNAVAILABLE") return result;
        return async () => {
          await pause((retryAfterSeconds ?? 0) * 1_000, 0, signal);
          return { ...item, idempotencyKey: createKey(), waitSeconds: 0 };
        };
      });
  }
};
