import { MAX_WAIT_SECONDS } from "../protocol/limits.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { Fail } from "./client-error.ts";
import type { Exchange } from "./exchange.ts";
import { pause } from "./pause.ts";

/** What there is to send, or to ask about. */
export type Work = Sending | { readonly correlationId: string };

type Sending = {
  readonly operation: string;
  readonly body: string;
  /** How long the POST may wait for the reply, in s. Its answer names the request, so nobody can ask about it before. */
  readonly waitSeconds: number;
};

type FollowSeams = {
  readonly exchange: Exchange;
  readonly fail: Fail;
  readonly signal: AbortSignal;
  /** Called with the correlation ID as soon as it is known. */
  readonly onNamed: (correlationId: string) => void;
  /** Called, perhaps more than once, when it is certain that Kafka has the request. */
  readonly onAccepted: () => void;
  /** Called with each new status. */
  readonly onStatus: (status: StatusBody) => void;
};

/** How long after its deadline the client gives up a request whose status it cannot get. */
const GRACE_MS = 120_000;

/** Sends what is to be sent, and follows it to its end. Resolves to the reply. @throws ClientError */
export const follow = async (work: Work, seams: FollowSeams): Promise<unknown> => {
  const { exchange, fail, signal, onNamed, onAccepted, onStatus } = seams;
  let correlationId = "body" in work ? undefined : work.correlationId;
  if (correlationId !== undefined) onNamed(correlationId);
  let isUncertain = false;
  let version = -1;
  let failures = 0;
  let waitSeconds = MAX_WAIT_SECONDS;
  let giveUpAt = Infinity;
  for (;;) {
    const asking =
      "body" in work && correlationId === undefined
        ? { ...work, path: `/requests/${encodeURIComponent(work.operation)}` }
        : { path: `/status/${correlationId}`, waitSeconds, headers: { "if-none-match": `"${version}"` } };
    const outcome = await exchange({ ...asking, signal });
    const { lost, status, problem, isEnd, isPrompt, retryAfterMs = 0 } = outcome;
    if (correlationId === undefined) {
      // It may have been taken, so it is not sent again.
      if (lost !== undefined) throw fail(...lost);
      ({ correlationId } = outcome);
      if (correlationId !== undefined) {
        onNamed(correlationId);
        // Kafka may have it or not: only a later state can tell.
        isUncertain = problem !== undefined && !isEnd;
        if (isUncertain) continue;
      }
    }
    const isTaken = status === undefined ? isEnd : !isUncertain || !/accepted|expired/.test(status.state);
    if (isTaken) onAccepted();
    if (status !== undefined) {
      if (status.version > version) onStatus(status);
      version = status.version;
      // By the server's clock alone: this one may be wrong by hours.
      giveUpAt = performance.now() + Date.parse(status.deadline) - Date.parse(status.acceptedAt) + GRACE_MS;
    }
    if (problem !== undefined && (isEnd || problem["retryable"] !== true)) throw fail(problem);
    if (isEnd) return outcome.reply;
    if (performance.now() > giveUpAt) throw fail("UNREACHABLE");
    // Perhaps something on the way cuts what takes so long.
    if (lost !== undefined) waitSeconds = Math.ceil(waitSeconds / 2);
    else if (problem === undefined) failures = 0;
    if (!isPrompt || problem !== undefined) await pause(retryAfterMs, failures++, signal);
  }
};
