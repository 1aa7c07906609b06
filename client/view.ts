import { MAX_WAIT_SECONDS } from "../protocol/limits.ts";
import type { ClientError, Fail } from "./client-error.ts";
import type { StreamEvent } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import { pause } from "./pause.ts";

/** How to read a row of a view. */
export type ViewOptions = {
  /** A position, such as that of a command's reply: the row is read once the view has come that far. */
  readonly after?: string | undefined;
  /** How long to wait for the view to come to `after`, in seconds. Default: 25. Then `VIEW_BEHIND`. Who iterates waits without end. */
  readonly waitSeconds?: number;
  /** Ends what waits, which then throws. */
  readonly signal?: AbortSignal;
  /** Headers to send, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** How a row stands that somebody watches. */
export type WatchedRow<Row> = {
  /** Undefined if there is none, or before the first answer. */
  readonly row: Row | undefined;
  /** Where the commit is that made the row so, or removed it. Undefined before the first answer, and if there never was a row. */
  readonly position: string | undefined;
  /** Whether the row is as the server has it now: false before the first answer, and while the server cannot be reached. */
  readonly isLive: boolean;
  /** Why nothing more comes. */
  readonly error: ClientError | undefined;
};

/**
 * A row of a view. `await` it to read it once: undefined if there is none. Iterate over it to get it, and then each change: undefined when it has left
 * the view. Who takes long over one is given the newest next. Nothing is asked before you do either. Both throw a ClientError.
 */
export type ViewRow<Row> = PromiseLike<Row | undefined> & {
  [Symbol.asyncIterator](): AsyncIterator<Row | undefined, void>;
  /** Calls the listener with how the row stands, each time that this changes. Returns a function that stops it. */
  onChange(listener: (watched: WatchedRow<Row>) => void): () => void;
};

/** Which rows of a view to list. */
export type ViewsOptions = Pick<ViewOptions, "signal" | "headers"> & {
  /** Absent: all. */
  readonly prefix?: string;
  /** A position: the rows are read once the view has come that far. */
  readonly after?: string | undefined;
};

/** A row of a list, and where the commit is that made it so. */
export type ListedRow<Row> = { readonly key: string; readonly row: Row; readonly position: string };

type ViewSeams = ViewOptions & {
  readonly view: string;
  readonly key: string;
  readonly exchange: Exchange;
  readonly fail: Fail;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
};

/** Tells how a row stands now, and whether the row itself is new. */
type Tell<Row> = (change: Partial<WatchedRow<Row>>, isNews?: boolean) => void;

/** How often at most a row is asked for again that nobody gives: for some ten seconds. */
const MAX_REPEATS = 5;

export const openView = <Row>(seams: ViewSeams): ViewRow<Row> => {
  const { view, key, after, waitSeconds: mostSeconds = MAX_WAIT_SECONDS, signal, exchange, fail, closing } = seams;
  const query = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
  const ending = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  const ask = async (asking: Partial<Parameters<Exchange>[0]> & { readonly waitSeconds: number }, until: AbortSignal) =>
    exchange({ path: `/views/${encodeURIComponent(view)}/${encodeKey(key, fail)}${query}`, kind: "row", signal: until, ...asking }).catch(
      (cause: unknown) => {
        throw fail(closing.aborted ? "CLOSED" : "ABORTED", { cause });
      },
    );

  const read = async (): Promise<Row | undefined> => {
    const until = performance.now() + mostSeconds * 1_000;
    let repeats = 0;
    for (;;) {
      const left = until - performance.now();
      const seconds = after === undefined ? 0 : Math.min(MAX_WAIT_SECONDS, Math.max(0, Math.ceil(left / 1_000)));
      const { row, isBehind, isPrompt, problem, lost, isLasting, retryAfterMs = 0 } = await ask({ waitSeconds: seconds }, ending);
      if (row !== undefined) return row.value as Row | undefined;
      if (isBehind) {
        if (until - performance.now() <= retryAfterMs) throw fail("VIEW_BEHIND");
        // Who has waited on the server's side need not wait here.
        if (!isPrompt) await pause(retryAfterMs, 0, ending);
      } else if (isLasting || (problem && problem["retryable"] !== true) || repeats === MAX_REPEATS)
        throw fail(problem ?? lost?.[0] ?? "UNEXPECTED_ANSWER", lost?.[1]);
      else await pause(retryAfterMs, repeats++, ending);
    }
  };

  /** Tells of the row until the signal aborts. Never resolves. @throws ClientError */
  const follow = async (until: AbortSignal, tell: Tell<Row>): Promise<never> => {
    let known: string | undefined;
    let failures = 0;
    let canStream = true;
    let seconds = MAX_WAIT_SECONDS;
    const hear = (value: unknown, tag: string): void => {
      // It is empty if there never was a row.
      if (tag !== known) tell({ row: value as Row | undefined, position: tag.split("~")[0] || undefined, isLive: true }, true);
      known = tag;
    };
    const onEvents = (events: readonly StreamEvent[]): boolean => {
      for (const { type, id, data } of events) hear(type === "row" ? data : undefined, id);
      tell({ isLive: known !== undefined });
      return until.aborted;
    };
    for (;;) {
      const stream = canStream ? { after: known || undefined, onEvents } : undefined;
      // Who knows nothing yet does not wait for a change.
      const waitSeconds = stream === undefined && known === undefined && after === undefined ? 0 : seconds;
      const outcome = await ask({ waitSeconds, known: known || undefined, stream }, until);
      const { row, isBehind, isPrompt, isStreamless, problem, lost, isLasting, retryAfterMs = 0 } = outcome;
      if (row !== undefined) hear(row.value, row.tag);
      // The log that the row was made of is not there any more.
      if (problem?.code === "POSITION_GONE" && known !== undefined) known = undefined;
      else if (isLasting || (problem && problem["retryable"] !== true)) throw fail(problem ?? lost?.[0] ?? "UNEXPECTED_ANSWER", lost?.[1]);
      const hasFailed = problem !== undefined || lost !== undefined;
      tell({ isLive: !hasFailed && known !== undefined });
      if (!hasFailed) failures = 0;
      if (isStreamless && !isBehind) canStream = false;
      // Perhaps something on the way cuts what takes so long.
      else if (lost !== undefined) seconds = Math.ceil(seconds / 2);
      if (!isPrompt || hasFailed) await pause(retryAfterMs, hasFailed ? failures++ : 0, until);
    }
  };

  const watch = (listener: (watched: WatchedRow<Row>, isNews: boolean) => void): (() => void) => {
    const own = new AbortController();
    let watched: WatchedRow<Row> = { row: undefined, position: undefined, isLive: false, error: undefined };
    const tell: Tell<Row> = (change, isNews = false) => {
      if (own.signal.aborted || (!isNews && change.error === undefined && change.isLive === watched.isLive)) return;
      watched = { ...watched, ...change };
      listener(watched, isNews);
    };
    follow(AbortSignal.any([ending, own.signal]), tell).catch((error: ClientError) => tell({ isLive: false, error }));
    return () => own.abort();
  };

  return {
    // oxlint-disable-next-line unicorn/no-thenable -- to await it is to read it
    then: (onRow, onError) => read().then(onRow, onError),
    async *[Symbol.asyncIterator]() {
      let newest: WatchedRow<Row> | undefined;
      let isDue = false;
      let hear = (): void => {};
      const stop = watch((watched, isNews) => {
        newest = watched;
        isDue ||= isNews;
        hear();
      });
      try {
        for (;;) {
          if (isDue) {
            isDue = false;
            yield newest?.row;
          } else if (newest?.error !== undefined) throw newest.error;
          else await new Promise<void>((resolve) => (hear = resolve));
        }
      } finally {
        stop();
      }
    },
    onChange: (listener) => watch((watched) => listener(watched)),
  };
};

/** As a path has it. A URL takes neither half of a surrogate pair nor dots alone. @throws ClientError */
const encodeKey = (key: string, fail: Fail): string => {
  if (key !== "" && key.isWellFormed() && !/^\.\.?$/.test(key)) return encodeURIComponent(key);
  throw fail("INVALID_REQUEST", { detail: `no path can have the key ${JSON.stringify(key)}` });
};
