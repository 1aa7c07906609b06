import { Pool } from "undici";
import { systemTime, type Time } from "../../environment/time.ts";
import { type DeliveryResult, OPERATIONS_HEADER, OUTCOMES, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import type { Attempt, Sink } from "../sink.ts";
import { encodeReply, joinReplies, REPLY_LIMITS, type ReplyJson } from "./reply-json.ts";
import type { SignatureHeaders, WorkerSignature } from "./worker-signature.ts";

type HttpSinkOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  readonly signature: WorkerSignature;
  readonly clock: MailboxClock;
  readonly time?: Time;
};

/** Replies go by POST, and so does what a link would say by being open. */
export type HttpSink = Sink<ReplyJson> & {
  /** Tells the Worker that operations are handled here, although no link says so. One attempt, which never rejects. */
  announce(operations: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

/** A Worker that has not answered by then will not answer. */
const TIMEOUT_MS = 10_000;
/** Batches to different shards travel at the same time; more than these wait for one another. */
const MAX_CONNECTIONS = 8;
/** Codes with which the Worker says that it can never read the batch. */
const UNREADABLE = new Set(["INVALID_BATCH", "MALFORMED_JSON"]);

/** What the Worker answered. The body is read to its end, since only then the connection is free for the next batch. */
type WorkerResponse = {
  readonly status: number;
  readonly date: string | undefined;
  readonly signed: SignatureHeaders;
  readonly text: string;
};

/** A body, the id of its message, and what else its headers say. */
type Message = { readonly id?: string; readonly body: string; readonly headers?: Readonly<Record<string, string>> };

/** Delivers to `POST /replies` of the Worker: a CloudEvents HTTP batch, signed by the Standard Webhooks scheme. */
export const httpSink = ({ url, signature, clock, time = systemTime }: HttpSinkOptions): HttpSink => {
  const { origin, pathname } = new URL(`${url}/replies`);
  // Not `fetch`: it makes streams for each call, which take longer than everything else here.
  const connections = new Pool(origin, { connections: MAX_CONNECTIONS });

  const post = async ({ body: text, headers: more, ...message }: Message): Promise<WorkerResponse> => {
    const body = Buffer.from(text);
    // Each attempt is signed again, because a signature ages. The id stays, because it is the same message.
    const signed = await signature.sign({ ...message, body });
    const headers = { ...signed, ...more, "content-type": REPLY_BATCH_CONTENT_TYPE };
    const sentAt = time.now();
    const timeout = new AbortController();
    const timer = time.setTimeout(() => timeout.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    try {
      const response = await connections.request({ method: "POST", path: pathname, headers, body, signal: timeout.signal });
      const { statusCode: status, headers: answered } = response;
      const date = answered["date"]?.toString();
      clock.dated(date, sentAt, status === 401 ? "refused" : undefined);
      return { status, date, signed, text: await response.body.text() };
    } finally {
      time.clearTimeout(timer);
    }
  };

  return {
    name: "worker",
    limits: { ...REPLY_LIMITS, maxUnanswered: 1 },
    encode: encodeReply,
    async send({ id, replies }) {
      try {
        const { status, date, signed, text } = await post({ id, body: joinReplies(replies) });
        if (status === 200) return readResults(text);
        if (status === 413) return { kind: "too-large" };
        if (status === 401) return unavailable(signature.refused(signed, date));
        const { code, detail } = readProblem(text);
        if (code !== undefined && UNREADABLE.has(code)) return { kind: "refused", reason: detail ?? code };
        return unavailable(`it answered ${status} ${code ?? ""}`.trimEnd());
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return unavailable(code ?? message);
      }
    },
    async announce(operations) {
      await post({ body: "[]", headers: { [OPERATIONS_HEADER]: operations.join(",") } }).catch(() => {});
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
