import { isProblem } from "../../protocol/problem.ts";
import type { WebhookStatus } from "../../protocol/status.ts";
import { callerHeaders } from "../caller.ts";
import { workerUrlOf } from "../worker-url.ts";

const EXIT = { done: 0, refused: 2, unreachable: 4 } as const;

const CALL_TIMEOUT_MS = 30_000;

/** Shows the webhook of a request, or sends it again. @returns the exit code */
export const actOnWebhook = async (
  action: "show" | "replay",
  correlationId: string,
  options: { readonly json?: boolean; readonly url?: string },
): Promise<number> => {
  const url = workerUrlOf(options.url, process.env);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${url}/status/${encodeURIComponent(correlationId)}/webhook`, {
      method: action === "show" ? "GET" : "POST",
      headers: callerHeaders(process.env),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    body = await response.json();
  } catch {
    console.error(`No Worker answers at ${url}. Start one with rejoinder start, or name another with --url.`);
    return EXIT.unreachable;
  }
  if (response.ok) {
    console.log(options.json === true ? JSON.stringify(body) : webhookText(body as WebhookStatus));
    return EXIT.done;
  }
  if (!isProblem(body)) {
    console.error(`Expected ${url} to be a rejoinder Worker, but it answered ${response.status}.`);
    return EXIT.unreachable;
  }
  console.error(`${body.code}: ${body.detail ?? body.title}`);
  return body["retryable"] === true ? EXIT.unreachable : EXIT.refused;
};

/** A delivery in one line, such as `pending  2 attempts  last 503: It answered 503.  next 2026-01-01T00:05:05.000Z`. */
export const webhookText = ({ state, attempts, lastStatus, lastError, nextAttemptAt }: WebhookStatus): string =>
  [
    state,
    `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`,
    ...(lastStatus === undefined ? [] : [`last ${lastStatus}`]),
    ...(lastError === undefined ? [] : [lastError]),
    ...(nextAttemptAt === undefined ? [] : [`next ${nextAttemptAt}`]),
  ].join("  ");
