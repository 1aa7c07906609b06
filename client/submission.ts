import type { StatusBody } from "../protocol/status.ts";
import type { ClientError, Commit, Fail } from "./client-error.ts";
import type { Exchange } from "./exchange.ts";
import { follow, isEnd, type Work } from "./follow.ts";
import type { Snapshot } from "./news.ts";

/** A status, with the types of the operation. `chunks` are all that the handler has emitted so far; another run of it begins them anew. */
export type Status<Progress = unknown, Chunk = unknown> = Omit<StatusBody, "progress" | "chunks"> & {
  readonly progress?: Progress;
  readonly chunks?: readonly Chunk[];
};

/**
 * A request that was sent. Iterating over it gives its statuses: the last one that is known, then each new one, until the one in which the
 * request has ended. If there is no such status, the iteration throws what `reply` rejects with. Who takes long over one may miss some of those that
 * differ in progress and chunks alone.
 */
export type Submission<Reply, Progress = unknown, Chunk = unknown> = {
  [Symbol.asyncIterator](): AsyncIterator<Status<Progress, Chunk>, void>;
  /** Undefined until the server has named it. Keep it, to `resume` after a reload. */
  readonly correlationId: string | undefined;
  /** The key that it was sent with, if any: to send it again after a reload that came before the server had named it. */
  readonly idempotencyKey: string | undefined;
  /** Resolves to the correlation ID when Kafka has the request. Rejects with a ClientError if Kafka does not get it. */
  readonly accepted: Promise<string>;
  /** Resolves to the reply. Rejects with a ClientError if the request, or the wait for it, has ended without one. */
  readonly reply: Promise<Reply>;
  /** The same, with the commit of a command beside the reply. A reader that comes after `position` sees what the command has changed. */
  readonly result: Promise<Commit & { readonly reply: Reply }>;
  /**
   * Each chunk once, in order, from the first; ends, or throws, as the iteration over the statuses does. If another run of the handler begins anew
   * after some were given, such as after a crash, it calls `onReset` and gives those of that run. Without `onReset` it throws a ClientError `CHUNKS_RESET`.
   */
  chunks(options?: { readonly onReset?: () => void }): AsyncIterable<Chunk>;
  /** Asks for the status now. Rejects with a ClientError. */
  status(): Promise<Status<Progress, Chunk>>;
  /**
   * Asks for the request to be cancelled. Resolves to its status, in which it is `cancelling`: what has become of it, the statuses that follow and
   * `reply` tell. Rejects with a ClientError, such as `ALREADY_ENDED`.
   */
  cancel(): Promise<Status<Progress, Chunk>>;
  /** Calls the listener with each new status. Returns a function that stops it. */
  onChange(listener: (status: Status<Progress, Chunk>) => void): () => void;
};

type SubmissionOptions<Reply> = {
  /** The correlation ID of a request that was sent earlier. */
  readonly correlationId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
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
export const startSubmission = <Reply, Progress, Chunk>(options: SubmissionOptions<Reply>): Submission<Reply, Progress, Chunk> => {
  const { idempotencyKey, prepare, readReply, readError, signal, timeoutMs, closing, exchange } = options;
  type Known = Snapshot & { readonly status: Status<Progress, Chunk> };
  const listeners = new Set<(known: Known) => void>();
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const ending = AbortSignal.any([closing, signal, timeout].filter((end) => end !== undefined));
  let { correlationId } = options;
  let commit: Commit = {};
  let last: Known | undefined;
  let onAccepted: () => void;
  let onEnd: () => void;

  const fail: Fail = (why, details) => options.fail(why, { correlationId, idempotencyKey, ...details });
  const run = async (): Promise<Reply> => {
    const work = await prepare(fail);
    const following = follow(work, {
      exchange,
      fail,
      signal: ending,
      onNamed: (id) => (correlationId = id),
      onAccepted: () => onAccepted(),
      onStatus: (known) => {
        // What the server says has the types of the contract, as far as the two agree on it.
        last = known as Known;
        for (const listener of listeners) listener(last);
      },
    });
    const end = await following.catch(async (error: ClientError) => {
      throw await readError(error);
    });
    commit = end;
    return readReply(end.reply, fail);
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

  const listen = (listener: (known: Known) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  const iterate = async function* (): AsyncGenerator<Known, void> {
    const heard = last === undefined ? [] : [last];
    let hear = (): void => {};
    const stop = listen((known) => {
      // What only goes on is not kept for who is slow.
      if (heard.at(-1)?.status.state === known.status.state) heard.pop();
      heard.push(known);
      hear();
    });
    const over = reply.then(() => true);
    // Who has seen the request end may do without its reply.
    over.catch(() => {});
    try {
      for (;;) {
        const known = heard.shift();
        if (known !== undefined) {
          yield known;
          if (isEnd(known.status.state)) return;
        } else if (await Promise.race([over, new Promise<void>((resolve) => (hear = resolve))])) return;
      }
    } finally {
      stop();
    }
  };

  const ask = async (method?: "DELETE"): Promise<Status<Progress, Chunk>> => {
    const path = `/status/${correlationId ?? (await accepted)}`;
    const { status, problem } = await exchange({ path, method, waitSeconds: 0, signal: closing }).catch((cause: unknown) => {
      throw fail("CLOSED", { cause });
    });
    if (status !== undefined) return status as Status<Progress, Chunk>;
    throw fail(problem ?? "UNREACHABLE");
  };

  return {
    async *[Symbol.asyncIterator]() {
      for await (const { status } of iterate()) yield status;
    },
    async *chunks({ onReset } = {}) {
      let [given, ofRun] = [0, 0];
      for await (const { status, run } of iterate()) {
        if (run !== ofRun && given > 0) {
          if (onReset === undefined) throw fail("CHUNKS_RESET");
          onReset();
          given = 0;
        }
        ofRun = run;
        const { chunks = [] } = status;
        while (given < chunks.length) yield chunks[given++] as Chunk;
      }
    },
    get correlationId() {
      return correlationId;
    },
    idempotencyKey,
    accepted,
    reply,
    get result() {
      return reply.then((own) => ({ reply: own, position: commit.position, aggregateVersion: commit.aggregateVersion }));
    },
    status: () => ask(),
    cancel: () => ask("DELETE"),
    onChange: (listener) => listen(({ status }) => listener(status)),
  };
};
