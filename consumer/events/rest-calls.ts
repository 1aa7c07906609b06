import { Pool } from "undici";
import type { Time } from "../../environment/time.ts";

/** What a server answered; the body is undefined if it is no JSON. */
export type RestAnswer = { readonly status: number; readonly body: unknown };

/** Calls of a Kafka REST server. */
export type RestCalls = {
  /**
   * Posts JSON, or without a body gets. Whatever the status is, it is an answer.
   * @throws RestCallError if there is none; the reason of the signal once it is aborted
   */
  call(path: string, options: { readonly body?: unknown; readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<RestAnswer>;
  /** Ends calls that are under way, too. */
  close(): Promise<void>;
};

/** There was no answer. */
export class RestCallError extends Error {
  override readonly name = "RestCallError";
  /** Whether the server cannot have got the call. */
  readonly wasSent: boolean;

  constructor(message: string, wasSent: boolean, cause: unknown) {
    super(message, { cause });
    this.wasSent = wasSent;
  }
}

export type RestCallsOptions = {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly time: Time;
};

/** Nothing was sent: there was no connection. */
const NOT_SENT: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

export const createRestCalls = ({ url, username, password, time }: RestCallsOptions): RestCalls => {
  const base = url.replace(/\/+$/, "");
  const { origin, pathname } = new URL(base);
  const prefix = pathname.replace(/\/$/, "");
  // Not `fetch`: it makes streams for each call, which take longer than everything else here.
  const connections = new Pool(origin);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  return {
    async call(path, { body, timeoutMs, signal }) {
      signal?.throwIfAborted();
      const ended = new AbortController();
      const abort = (): void => ended.abort(signal?.reason);
      signal?.addEventListener("abort", abort);
      const timer = time.setTimeout(() => ended.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      try {
        const response = await connections.request({
          method: body === undefined ? "GET" : "POST",
          path: prefix + path,
          headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
          signal: ended.signal,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: response.statusCode, body: parse(await response.body.text()) };
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        const { message, code } = error as Error & { readonly code?: unknown };
        throw new RestCallError(`${path} of ${base} cannot be called now (${String(code ?? message)})`, !NOT_SENT.has(code), error);
      } finally {
        time.clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      }
    },
    close: () => connections.destroy(),
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** An answer in words. It shows no more of the body than its error. */
export const describeAnswer = (path: string, { status, body }: RestAnswer): string => {
  const text = errorOf(body);
  return `${path} was answered with ${status}${text === undefined ? "" : `: ${text}`}`;
};

/** What a server says went wrong, or undefined if it says nothing in a form that such servers use. */
export const errorOf = (body: unknown): string | undefined => {
  const { error, message } = (body ?? {}) as { readonly error?: unknown; readonly message?: unknown };
  const text = error ?? message;
  return typeof text === "string" ? text.slice(0, 300) : undefined;
};
