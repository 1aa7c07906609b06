import type { Client, ClientContract, ClientError, Submission } from "../../client/index.ts";
import { createEntry, type Entry, hear, type News, withoutEndOfWait } from "./entry.ts";
import type { Log } from "./log.ts";
import { createTraceparent, traceIdOf } from "./trace.ts";

type SenderOptions = {
  readonly client: Client<ClientContract>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Sends requests, and keeps the log of what becomes of them. */
export type Sender = {
  /** Sends a request, and follows it state by state. */
  send(operation: string, request: unknown): Entry;
  /** Sends a request and waits for its reply, as most callers do. Resolves once it has ended, however. */
  call(operation: string, request: unknown, signal: AbortSignal): Promise<Entry>;
  /** Asks again about a request that was sent before, until it has ended. Without a correlation ID it is sent again, by its key. Needs one of the two. */
  resume(entry: Entry): void;
  /** Asks for a request to be cancelled. Needs its correlation ID. */
  cancel(entry: Entry): void;
  /** Takes news of a request. */
  hear(id: string, news: News): void;
};

export const createSender = ({ client, log, now }: SenderOptions): Sender => {
  const hearOf: Sender["hear"] = (id, news) => {
    const entry = log.get(id);
    if (entry !== undefined) log.put(hear(entry, news, now()));
  };
  const start = (operation: string, request: unknown, isOneOfMany: boolean): Entry => {
    const traceparent = createTraceparent();
    const entry = createEntry({ id: traceIdOf(traceparent), traceparent, operation, request, sentAt: now(), isOneOfMany });
    log.put(entry);
    return entry;
  };
  /** Those that are followed, by ID. */
  const submissions = new Map<string, Submission<unknown>>();
  const follow = (id: string, submission: Submission<unknown>): void => {
    submissions.set(id, submission);
    submission.onChange((status) => hearOf(id, { kind: "status", status }));
    submission.accepted.then(
      () => hearOf(id, { kind: "accepted" }),
      () => {},
    );
    // The reply itself came with its status, as the server has it.
    submission.reply.catch((error: ClientError) => hearOf(id, { kind: "failure", error })).finally(() => submissions.delete(id));
  };
  const resume = (entry: Entry): void => {
    const { id, traceparent, operation, request, correlationId, idempotencyKey } = entry;
    const headers = { traceparent };
    if (correlationId === undefined && idempotencyKey === undefined) return;
    log.put(withoutEndOfWait(entry));
    if (correlationId !== undefined) follow(id, client.resume(correlationId, { operation, headers }));
    else if (idempotencyKey !== undefined) follow(id, client.submit(operation, request, { headers, idempotencyKey }));
  };
  return {
    hear: hearOf,
    send(operation, request) {
      const { id, traceparent } = start(operation, request, false);
      const submission = client.submit(operation, request, { headers: { traceparent } });
      const entry = { ...(log.get(id) as Entry), idempotencyKey: submission.idempotencyKey };
      log.put(entry);
      follow(id, submission);
      return entry;
    },
    async call(operation, request, signal) {
      const { id, traceparent } = start(operation, request, true);
      await client.request(operation, request, { signal, headers: { traceparent } }).then(
        (reply) => hearOf(id, { kind: "reply", reply }),
        (error: ClientError) => hearOf(id, { kind: "failure", error }),
      );
      return log.get(id) as Entry;
    },
    resume,
    cancel(entry) {
      // What another tab has sent is not followed here yet.
      if (!submissions.has(entry.id)) resume(entry);
      submissions
        .get(entry.id)
        ?.cancel()
        .catch((error: ClientError) => hearOf(entry.id, { kind: "uncancelled", error }));
    },
  };
};
