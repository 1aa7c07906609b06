import type { WebhookStatus } from "../../protocol/status.ts";
import { createCallerCall, problemText } from "../caller-call.ts";
import { WorkerError } from "../signed-call.ts";
import { workerUrlOf } from "../worker-url.ts";

const EXIT = { done: 0, refused: 2, unreachable: 4 } as const;

/** Shows the webhook of a request, or sends it again. @returns the exit code */
export const actOnWebhook = async (
  action: "show" | "replay",
  correlationId: string,
  options: { readonly json?: boolean; readonly url?: string },
): Promise<number> => {
  const call = createCallerCall({ url: workerUrlOf(options.url, process.env), environment: process.env });
  try {
    const answer = await call(action === "show" ? "GET" : "POST", `/status/${encodeURIComponent(correlationId)}/webhook`);
    if (answer.isDone) {
      console.log(options.json === true ? JSON.stringify(answer.body) : webhookText(answer.body as WebhookStatus));
      return EXIT.done;
    }
    console.error(problemText(answer.problem));
    return EXIT.refused;
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    console.error(error.message);
    return EXIT.unreachable;
  }
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
