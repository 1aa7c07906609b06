import type { StatusBody } from "../protocol/status.ts";
import type { Client } from "./client.ts";
import type { ClientError } from "./client-error.ts";
import type { ClientContract, ReplyOf, RequestOf } from "./contract.ts";
import { IDLE, isPending, type Progress } from "./progress.ts";
import type { Submission } from "./submission.ts";

/** The requests of one operation, one at a time: what React's `useSyncExternalStore` reads. */
type TrackedRequest<Request, Reply> = {
  progress(): Progress<Reply>;
  /** Sends, unless one is on its way: a second click, or an effect that runs twice, sends nothing. */
  send(request: Request): void;
  /** Calls back when the progress has changed. There is a wait only while somebody listens. Returns what ends that. */
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

/**
 * Remembers the correlation ID of what is on its way in `storage`, under the operation's name, and takes it up as soon as somebody listens.
 * Before that it has no effect, so it can be made while React renders.
 */
export const trackRequest = <C extends ClientContract, Name extends keyof C & string>(
  client: Client<C>,
  operation: Name,
  storage: Memory | undefined = tabMemory(),
): TrackedRequest<RequestOf<C, Name>, ReplyOf<C, Name>> => {
  type Reply = ReplyOf<C, Name>;
  const key = `rejoinder:${operation}`;
  const listeners = new Set<() => void>();
  const remembered = storage?.getItem(key) ?? undefined;
  let progress: Progress<Reply> = remembered === undefined ? IDLE : { state: "resuming", correlationId: remembered };
  let wait: AbortController | undefined;

  const show = (next: Progress<Reply>): void => {
    progress = next;
    for (const listener of listeners) listener();
  };

  const leave = (): void => {
    wait?.abort();
    wait = undefined;
  };

  const follow = async (begin: (signal: AbortSignal) => Submission<Reply>): Promise<void> => {
    const own = new AbortController();
    wait = own;
    const submission = begin(own.signal);
    let last: StatusBody | undefined;
    submission.onChange((status) => {
      last = status;
      const { state, correlationId } = status;
      if (wait !== own || (state !== "accepted" && state !== "processing")) return;
      storage?.setItem(key, correlationId);
      show({ state, correlationId, status });
      if (listeners.size === 0) leave();
    });
    const end = await submission.reply.then(
      (reply): Progress<Reply> => ({ state: "succeeded", correlationId: submission.correlationId, status: last, reply }),
      // A submission rejects with nothing else.
      (error: ClientError): Progress<Reply> => ({ state: "failed", correlationId: error.correlationId, status: last, error }),
    );
    if (wait !== own) return;
    wait = undefined;
    if (end.error === undefined || !STILL_OPEN.has(end.error.code)) storage?.removeItem(key);
    show(end);
  };

  return {
    progress: () => progress,
    send(request) {
      if (isPending(progress)) return;
      show({ state: "sending" });
      void follow((signal) => client.submit(operation, request, { signal }));
    },
    subscribe(listener) {
      listeners.add(listener);
      const { correlationId } = progress;
      if (wait === undefined && isPending(progress) && correlationId !== undefined)
        void follow((signal) => client.resume(correlationId, { operation, signal }));
      return () => {
        listeners.delete(listener);
        // What has no name yet could never be taken up again: that wait goes on until the server has named it.
        if (listeners.size === 0 && progress.state !== "sending") leave();
      };
    },
  };
};
