import type { StatusBody } from "../protocol/status.ts";
import type { ClientError, Fail } from "./client-error.ts";
import type { Exchange } from "./exchange.ts";
import { follow, type Work } from "./follow.ts";

/**
 * A request that was sent. Iterating over it gives its statuses: the last one that is known, then each new one, until the one in which the
 * request has ended. If there is no such status, the iteration throws what `reply` rejects with.
 */
export type Submission<Reply> = {
  [Symbol.asyncIterator](): AsyncIterator<StatusBody, void>;
  /** Undefined until the server has named it. Keep it, to `resume` after a reload. */
  readonly correlationId: string | undefined;
  /** Resolves to the correlation ID when Kafka has the request. Rejects with a ClientError if Kafka does not get it. */
  readonly accepted: Promise<string>;
  /** Resolves to the reply. Rejects with a ClientError if the request, or the wait for it, has ended without one. */
  readonly reply: Promise<Reply>;
  /** Asks for the status now. Rejects with a ClientError. */
  status(): Promise<StatusBody>;
  /** Calls the listener with each new status. Returns a function that stops it. */
  onChange(listener: (status: StatusBody) => void): () => void;
};

type SubmissionOptions<Reply> = {
  /** The correlation ID of a request that was sent earlier. */
  readonly correlationId: string | undefined;
  /** What to send or to follow. Rejects with a ClientError if there is nothing. */
  readonly prepare: (fail: Fail) => Promise<Work>;
  /** Makes the reply of what the server gave. Rejects with a ClientError if it is none. */
  readonly readReply: (reply: unknown, fail: Fail) => Promise<Reply>;
  /** Completes an error. */
  readonly readError: (error: ClientError) => Promise<ClientError>;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
  readonly exchange: Exchange;
  /** Of the caller's call. */
  readonly fail: Fail;
};

/** Begins at once. */
export const startSubmission = <Reply>(options: SubmissionOptions<Reply>): Submission<Reply> => {
  const { prepare, readReply, readError, signal, timeoutMs, closing, exchange } = options;
  const listeners = new Set<(status: StatusBody) => void>();
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const ending = AbortSignal.any([closing, signal, timeout].filter((end) => end !== undefined));
  let { correlationId } = options;
  let last: StatusBody | undefined;
  let onAccepted: () => void;
  let onEnd: () => void;

  const fail: Fail = (why, details) => options.fail(why, { correlationId, ...details });
  const run = async (): Promise<Reply> => {
    const work = await prepare(fail);
    const following = follow(work, {
      exchange,
      fail,
      signal: ending,
      onNamed: (id) => (correlationId = id),
      onAccepted: () => onAccepted(),
      onStatus: (status) => {
        last = status;
        for (const listener of listeners) listener(status);
      },
    });
    const reply = await following.catch(async (error: ClientError) => {
      throw await readError(error);
    });
    return readReply(reply, fail);
  };
  const ended = new Promise<never>((_, reject) => {
    onEnd = () => {
      const why = closing.aborted ? "CLOSED" : signal?.aborted ? "ABORTED" : "TIMEOUT";
      reject(fail(why, { cause: ending.reason }));
    };
    ending.addEventListener("abort", onEnd);
    if (ending.aborted) onEnd();
  });
  const reply = Promise.race([ended, run()]).finally(() => ending.removeEventListener("abort", onEnd));
  const accepted = Promise.race([new Promise<void>((resolve) => (onAccepted = resolve)), reply]).then(() => correlationId as string);
  // Whoever looks at one of the two need not look at the other.
  accepted.catch(() => {});

  const onChange = (listener: (status: StatusBody) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  return {
    async *[Symbol.asyncIterator]() {
      const heard = last === undefined ? [] : [last];
      let hear = (): void => {};
      const stop = onChange((status) => {
        heard.push(status);
        hear();
      });
      const over = reply.then(() => true);
      // Who has seen the request end may do without its reply.
      over.catch(() => {});
      try {
        for (;;) {
          const status = heard.shift();
          if (status !== undefined) {
            yield status;
            if (!/accepted|processing/.test(status.state)) return;
          } else if (await Promise.race([over, new Promise<void>((resolve) => (hear = resolve))])) return;
        }
      } finally {
        stop();
      }
    },
    get correlationId() {
      return correlationId;
    },
    accepted,
    reply,
    async status() {
      const { status, problem } = await exchange({ path: `/status/${correlationId ?? (await accepted)}`, waitSeconds: 0, signal: closing });
      if (status !== undefined) return status;
      throw fail(problem ?? "UNREACHABLE");
    },
    onChange,
  };
};
