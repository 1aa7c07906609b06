import { Pool } from "undici";
import { systemTime, type Time } from "../../environment/time.ts";
import { type DeliveryResult, OUTCOMES, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import type { Attempt, Batch, Sink } from "../sink.ts";
import { encodeReply, joinReplies, REPLY_LIMITS, type ReplyJson } from "./reply-json.ts";
import type { WorkerSignature } from "./worker-signature.ts";

type HttpSinkOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  readonly signature: WorkerSignature;
  readonly time?: Time;
};

/** A Worker that has not answered by then will not answer. */
const TIMEOUT_MS = 10_000;
/** Batches to different shards travel at the same time; more than these wait for one another. */
const MAX_CONNECTIONS = 8;
/** Codes with which the Worker says that it can never read the batch. */
const UNREADABLE = new Set(["INVALID_BATCH", "MALFORMED_JSON"]);

/** What the Worker answered. The body is read to its end, since only then the connection is free for the next batch. */
type WorkerResponse = { readonly status: number; readonly date: string | undefined; readonly text: string };

/** Delivers to `POST /replies` of the Worker: a CloudEvents HTTP batch, signed by the Standard Webhooks scheme. */
export const httpSink = ({ url, signature, time = systemTime }: HttpSinkOptions): Sink<ReplyJson> & { close(): Promise<void> } => {
  const { origin, pathname } = new URL(`${url}/replies`);
  // Not `fetch`: it makes streams for each call, which take longer than everything else here.
  const connections = new Pool(origin, { connections: MAX_CONNECTIONS });

  const post = async ({ id, replies }: Batch<ReplyJson>): Promise<WorkerResponse> => {
    const body = Buffer.from(joinReplies(replies));
    // Each attempt is signed again, because a signature ages. The id stays, because it is the same message.
    const headers = { ...(await signature.sign({ id, body })), "content-type": REPLY_BATCH_CONTENT_TYPE };
    const timeout = new AbortController();
    const timer = time.setTimeout(() => timeout.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    try {
      const response = await connections.request({ method: "POST", path: pathname, headers, body, signal: timeout.signal });
      const { statusCode: status, headers: answered } = response;
      return { status, date: answered["date"]?.toString(), text: await response.body.text() };
    } finally {
      time.clearTimeout(timer);
    }
  };

  return {
    name: "worker",
    limits: { ...REPLY_LIMITS, maxUnanswered: 1 },
    encode: encodeReply,
    async send(batch) {
      try {
        const { status, date, text } = await post(batch);
        if (status === 200) return readResults(text);
        if (status === 413) return { kind: "too-large" };
        if (status === 401) return unavailable(signature.refused(date));
        const { code, detail } = readProblem(text);
        if (code !== undefined && UNREADABLE.has(code)) return { kind: "refused", reason: detail ?? code };
        return unavailable(`it answered ${status} ${code ?? ""}`.trimEnd());
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return unavailable(code ?? message);
      }
    },
    close: () => connections.destroy(),
  };
};

const unavailable = (reason: string): Attempt => ({ kind: "unavailable", reason });

const readResults = (text: string): Attempt => {
  const { results } = readObject(text);
  return Array.isArray(results) && results.every(isResult) ? { kind: "answered", results } : unavailable("it answered 200 without results");
};

const isResult = (value: unknown): value is DeliveryResult => {
  if (typeof value !== "object" || value === null) return false;
  const { id, outcome } = value as Record<string, unknown>;
  return typeof id === "string" && (OUTCOMES as readonly unknown[]).includes(outcome);
};

const readProblem = (text: string): { readonly code?: string; readonly detail?: string } => {
  const { code, detail } = readObject(text);
  return { ...(typeof code === "string" ? { code } : {}), ...(typeof detail === "string" ? { detail } : {}) };
};

const readObject = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};
