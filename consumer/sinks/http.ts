import { systemTime, type Time } from "../../environment/time.ts";
import { type DeliveryResult, OPERATIONS_HEADER, OUTCOMES, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import type { Attempt, Sink } from "../sink.ts";
import { encodeReply, joinReplies, REPLY_LIMITS, type ReplyJson } from "./reply-json.ts";
import { objectOf, problemOf, signedPosts } from "./signed-posts.ts";
import type { WorkerSignature } from "./worker-signature.ts";

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

/** Batches to different shards travel at the same time; more than these wait for one another. */
const MAX_CONNECTIONS = 8;
/** Codes with which the Worker says that it can never read the batch. */
const UNREADABLE = new Set(["INVALID_BATCH", "MALFORMED_JSON"]);

/** Delivers to `POST /replies` of the Worker: a CloudEvents HTTP batch, signed by the Standard Webhooks scheme. */
export const httpSink = ({ url, signature, clock, time = systemTime }: HttpSinkOptions): HttpSink => {
  const posts = signedPosts({
    url: `${url}/replies`,
    maxConnections: MAX_CONNECTIONS,
    contentType: REPLY_BATCH_CONTENT_TYPE,
    signature,
    clock,
    time,
  });

  return {
    name: "worker",
    limits: { ...REPLY_LIMITS, maxUnanswered: 1 },
    encode: encodeReply,
    async send({ id, replies }) {
      try {
        const { status, date, signed, text } = await posts.post({ id, body: joinReplies(replies) });
        if (status === 200) return readResults(text);
        if (status === 413) return { kind: "too-large" };
        if (status === 401) return unavailable(signature.refused(signed, date));
        const { code, detail } = problemOf(text);
        if (code !== undefined && UNREADABLE.has(code)) return { kind: "refused", reason: detail ?? code };
        return unavailable(`it answered ${status} ${code ?? ""}`.trimEnd());
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return unavailable(code ?? message);
      }
    },
    async announce(operations) {
      await posts.post({ body: "[]", headers: { [OPERATIONS_HEADER]: operations.join(",") } }).catch(() => {});
    },
    close: posts.close,
  };
};

const unavailable = (reason: string): Attempt => ({ kind: "unavailable", reason });

const readResults = (text: string): Attempt => {
  const { results } = objectOf(text);
  return Array.isArray(results) && results.every(isResult) ? { kind: "answered", results } : unavailable("it answered 200 without results");
};

const isResult = (value: unknown): value is DeliveryResult => {
  if (typeof value !== "object" || value === null) return false;
  const { id, outcome } = value as Record<string, unknown>;
  return typeof id === "string" && (OUTCOMES as readonly unknown[]).includes(outcome);
};
