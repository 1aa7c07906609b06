import type { Client } from "./client.ts";
import type { ClientError } from "./client-error.ts";
import type { ChunkOf, ClientContract, ProgressOf, ReplyOf, RequestOf } from "./contract.ts";
import { IDLE, isPending, type RequestState } from "./request-state.ts";
import type { Status, Submission } from "./submission.ts";

/** The requests of one operation, one at a time: what React's `useSyncExternalStore` reads. */
type TrackedRequest<Request, State> = {
  /** How the last of them stands. */
  current(): State;
  /** Sends, unless one is on its way: a second click, or an effect that runs twice, sends nothing. */
  send(request: Request): void;
  /** Asks for what is on its way to be cancelled. Rejects with a ClientError if that could not be asked for; nobody need look. */
  cancel(): Promise<void>;
  /** Calls back when the state has changed. There is a wait only while somebody listens. Returns what ends that. */
  subscribe(listener: () => void): () => void;
};

/** Where a tab remembers what it waits for. */
export type Memory = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The tab's own storage. There is none on a server, and a browser may forbid it: then nothing outlives the page. */
const tabMemory = (): Memory | undefined => {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
};

/** After these the request may still go on: it stays remembered, for whoever loads the page again. */
const STILL_OPEN: ReadonlySet<string> = new Set(["UNREACHABLE", "CLOSED"]);

/** What was sent and has no name yet: with its key it can be sent again, and is still one request. */
type Unnamed = { readonly idempotencyKey: string; readonly request: unknown; readonly sentAt: number };

/** Within this time somebody who loads a page again still wants what was sent before. */
const RELOAD_MS = 60_000;

const isUnnamed = (value: unknown): value is Unnamed => {
  const { idempotencyKey, sentAt } = (value ?? {}) as Partial<Record<keyof Unnamed, unknown>>;
  return typeof idempotencyKey === "string" && typeof sentAt === "number" && Math.abs(Date.now() - sentAt) < RELOAD_MS;
};

/** What a tab remembers: a correlation ID, or JSON of what has none yet. */
const readRemembered = (text: string | null | undefined): string | Unnamed | undefined => {
  if (text?.startsWith("{") !== true) return text ?? undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isUnnamed(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Remembers the correlation ID of what is on its way in `storage`, under the operation's name, and takes it up as soon as somebody listens. Until it has
 * one, it remembers the request and its key. Before somebody listens it has no effect, so it can be made while React renders.
 */
export const trackRequest = <C extends ClientContract, Name extends keyof C & string>(
  client: Client<C>,
  operation: Name,
  storage: Memory | undefined = tabMemory(),
): TrackedRequest<RequestOf<C, Name>, RequestState<ReplyOf<C, Name>, ProgressOf<C, Name>, ChunkOf<C, Name>>> => {
  type Reply = ReplyOf<C, Name>;
  type Progress = ProgressOf<C, Name>;
  type Chunk = ChunkOf<C, Name>;
  type State = RequestState<Reply, Progress, Chunk>;
  const key = `rejoinder:${operation}`;
  const listeners = new Set<() => void>();
  const remembered = readRemembered(storage?.getItem(key));
  const unnamed = typeof remembered === "object" ? remembered : undefined;
  let current: State =
    typeof remembered === "string" ? { state: "resuming", correlationId: remembered } : unnamed === undefined ? IDLE : { state: "sending" };
  let wait: AbortController | undefined;
  let followed: Submission<Reply, Progress, Chunk> | undefined;

  const show = (next: State): void => {
    current = next;
    for (const listener of listeners) listener();
  };

  const remember = (text: string): void => {
    try {
      storage?.setItem(key, text);
    } catch {
      // A full storage: nothing of it outlives the page.
    }
  };

  const leave = (): void => {
    wait?.abort();
    wait = undefined;
  };

  const follow = async (begin: (signal: AbortSignal) => Submission<Reply, Progress, Chunk>): Promise<void> => {
    const own = new AbortController();
    wait = own;
    const submission = begin(own.signal);
    followed = submission;
    let last: Status<Progress, Chunk> | undefined;
    submission.onChange((status) => {
      last = status;
      const { state, correlationId } = status;
      if (wait !== own || (state !== "accepted" && state !== "processing" && state !== "cancelling")) return;
      remember(correlationId);
      show({ state, correlationId, status });
      if (listeners.size === 0) leave();
    });
    const end = await submission.reply.then(
      (reply): State => ({ state: "succeeded", correlationId: submission.correlationId, status: last, reply }),
      // A submission rejects with nothing else.
      (error: ClientError): State => ({ state: "failed", correlationId: error.correlationId, status: last, error }),
    );
    if (wait !== own) return;
    wait = undefined;
    if (end.error === undefined || !STILL_OPEN.has(end.error.code)) storage?.removeItem(key);
    show(end);
  };

  const submit = (request: RequestOf<C, Name>, known: Unnamed | undefined): void =>
    void follow((signal) => {
      const submission = client.submit(operation, request, { signal, ...(known && { idempotencyKey: known.idempotencyKey }) });
      const { idempotencyKey } = submission;
      if (idempotencyKey !== undefined && known === undefined)
        remember(JSON.stringify({ idempotencyKey, request, sentAt: Date.now() } satisfies Unnamed));
      return submission;
    });

  return {
    current: () => current,
    send(request) {
      if (isPending(current)) return;
      show({ state: "sending" });
      submit(request, undefined);
    },
    cancel() {
      const asked = isPending(current) && followed !== undefined ? followed.cancel().then(() => {}) : Promise.resolve();
      asked.catch(() => {});
      return asked;
    },
    subscribe(listener) {
      listeners.add(listener);
      const { correlationId } = current;
      if (wait === undefined && isPending(current)) {
        if (correlationId !== undefined) void follow((signal) => client.resume(correlationId, { operation, signal }));
        else if (unnamed !== undefined) submit(unnamed.request as RequestOf<C, Name>, unnamed);
      }
      return () => {
        listeners.delete(listener);
        // What has no name yet could never be taken up again: that wait goes on until the server has named it.
        if (listeners.size === 0 && current.state !== "sending") leave();
      };
    },
  };
};
