import { MAX_WAIT_SECONDS } from "../protocol/limits.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { Commit, Fail } from "./client-error.ts";
import type { StreamEvent } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import { createNews, type Snapshot } from "./news.ts";
import { pause } from "./pause.ts";

/** What there is to send, or to ask about. */
export type Work = Sending | Following;

type Following = {
  readonly correlationId: string;
  /** If it is known. */
  readonly status?: StatusBody | undefined;
  /** Whether Kafka may not have it. */
  readonly isUncertain?: boolean;
};

type Sending = {
  readonly operation: string;
  readonly body: string;
  /** By which the server recognises what is sent again. Absent: it is not sent again once nobody knows what has become of it. */
  readonly idempotencyKey: string | undefined;
  /** Called when the server cannot recognise requests; this one is then sent without a key. Absent: that is an error. */
  readonly onKeyRefused?: (() => void) | undefined;
  /** Of a command: the version that its aggregate must have. */
  readonly ifMatch?: number | undefined;
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
  readonly onStatus: (snapshot: Snapshot) => void;
};

/** How long after its deadline the client gives up a request whose status it cannot get. */
const GRACE_MS = 120_000;

/** How often at most a request is sent again that nobody has answered: for some ten seconds. */
export const MAX_RESENDS = 5;

/** Whether a request in that state has ended. */
export const isEnd = (state: string): boolean => !/accepted|ing$/.test(state);

/** Sends what is to be sent, and follows it to its end. Resolves to the reply, with the commit of a command. @throws ClientError */
export const follow = async (work: Work, seams: FollowSeams): Promise<Commit & { readonly reply?: unknown }> => {
  const { exchange, fail, signal, onNamed, onAccepted, onStatus } = seams;
  const news = createNews();
  let correlationId = "correlationId" in work ? work.correlationId : undefined;
  if (correlationId !== undefined) onNamed(correlationId);
  const sending = "body" in work ? work : undefined;
  const following = "body" in work ? undefined : work;
  let key = sending?.idempotencyKey;
  let resends = 0;
  let isUncertain = following?.isUncertain === true;
  let failures = 0;
  let waitSeconds = MAX_WAIT_SECONDS;
  let giveUpAt = Infinity;
  let canStream = true;
  const tell = (): void => {
    const snapshot = news.latest() as Snapshot;
    // By the server's clock alone: this one may be wrong by hours.
    giveUpAt = performance.now() + Date.parse(snapshot.status.deadline) - Date.parse(snapshot.status.acceptedAt) + GRACE_MS;
    onStatus(snapshot);
  };
  const hearEvents = (events: readonly StreamEvent[]): boolean => {
    if (events.length > 0) {
      news.hearEvents(events);
      tell();
    }
    return isEnd((news.latest() as Snapshot).status.state);
  };
  if (following?.status !== undefined) {
    onAccepted();
    if (news.hearStatus(following.status)) tell();
  }
  for (;;) {
    const known = news.latest()?.status;
    const outcome = await exchange({
      ...(sending !== undefined && correlationId === undefined
        ? // Perhaps something on the way cuts what takes so long.
          { ...sending, key, path: `/requests/${encodeURIComponent(sending.operation)}`, ...(resends > 0 && { waitSeconds: 0 }) }
        : // Who knows nothing yet does not wait for a change.
          { path: `/status/${correlationId}`, waitSeconds: known === undefined ? 0 : waitSeconds, known: known?.version }),
      // Who says how far it is says it often, and all chunks would come with each status.
      stream: canStream && (known?.progress ?? known?.chunks) !== undefined ? { after: news.id, onEvents: hearEvents } : undefined,
      signal,
    });
    const { lost, status, problem, isPrompt, isStreamless, retryAfterMs = 0 } = outcome;
    if (correlationId === undefined) {
      if (lost !== undefined) {
        // It may have been taken. Without a key it would be a second one.
        if (key === undefined || outcome.isLasting || resends === MAX_RESENDS) throw fail(...lost);
        await pause(0, resends++, signal);
        continue;
      }
      if (problem?.code === "NOT_SUPPORTED" && key !== undefined && sending?.onKeyRefused !== undefined) {
        sending.onKeyRefused();
        key = undefined;
        continue;
      }
      ({ correlationId } = outcome);
      if (correlationId !== undefined) {
        onNamed(correlationId);
        // Kafka may have it or not: only a later state can tell.
        isUncertain = problem !== undefined && outcome.isEnd !== true;
        if (isUncertain) continue;
      }
    }
    const isTaken = status === undefined ? outcome.isEnd : !isUncertain || !/accepted|cancelling|expired/.test(status.state);
    if (isTaken) onAccepted();
    if (status !== undefined && news.hearStatus(status)) tell();
    const last = news.latest()?.status;
    const end = outcome.isEnd ? outcome : last !== undefined && isEnd(last.state) ? { ...last, problem: last.error } : undefined;
    if (end !== undefined && end.problem === undefined) return end;
    const refusal = end?.problem ?? (problem?.["retryable"] === true ? undefined : problem);
    if (refusal !== undefined) throw fail(refusal, { position: end?.position, aggregateVersion: end?.aggregateVersion });
    if (performance.now() > giveUpAt) throw fail("UNREACHABLE");
    if (isStreamless) canStream = false;
    // Perhaps something on the way cuts what takes so long.
    else if (lost !== undefined) waitSeconds = Math.ceil(waitSeconds / 2);
    else if (problem === undefined) failures = 0;
    if (!isPrompt || problem !== undefined) await pause(retryAfterMs, failures++, signal);
  }
};
