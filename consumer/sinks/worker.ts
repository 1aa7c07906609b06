import { createHmac, createSecretKey } from "node:crypto";
import { Client } from "undici";
import { systemTime, type Time } from "../../environment/time.ts";
import { MAX_BATCH_BYTES, MAX_BATCH_REPLIES, MAX_REPLY_BYTES } from "../../protocol/limits.ts";
import { createReplyEvent, type DeliveryResult, OUTCOMES, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import { type Hmac, signWebhook } from "../../protocol/webhook-signature.ts";
import type { Attempt, Batch, EncodedReply, Sink } from "../sink.ts";

type WorkerSinkOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  /** With the key that `REPLY_SECRET` holds first. */
  readonly hmac: Hmac;
  readonly time?: Time;
};

/** A Worker that has not answered by then will not answer. */
const TIMEOUT_MS = 10_000;
/** A smaller difference does no harm: a signature is valid for five minutes. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;
/** Codes with which the Worker says that it can never read the batch. */
const UNREADABLE = new Set(["INVALID_BATCH", "MALFORMED_JSON"]);

/** A reply event as JSON; `bytes` counts the comma after it. */
type EncodedEvent = EncodedReply & { readonly json: string };

const BRACKETS_BYTES = 2;
const COMMA_BYTES = 1;

/** What the Worker answered. The body is read to its end, since only then the connection is free for the next batch. */
type WorkerResponse = { readonly status: number; readonly date: string | undefined; readonly text: string };

/** Delivers to `POST /replies` of the Worker: a CloudEvents HTTP batch, signed by the Standard Webhooks scheme. */
export const workerSink = ({ url, hmac, time = systemTime }: WorkerSinkOptions): Sink<EncodedEvent> => {
  const { origin, pathname } = new URL(`${url}/replies`);
  // Not `fetch`: it makes streams for each call, which take longer than everything else here.
  const connection = new Client(origin);
  /** What to add to our clock to get the Worker's. */
  let clockDifferenceMs = 0;

  const post = async ({ id, replies }: Batch<EncodedEvent>): Promise<WorkerResponse> => {
    const body = Buffer.from(`[${replies.map(({ json }) => json).join(",")}]`);
    // Each attempt is signed again, because a signature ages. The id stays, because it is the same message.
    const signature = await signWebhook(hmac, { id, timestampSeconds: Math.floor((time.now() + clockDifferenceMs) / 1000), body });
    const timeout = new AbortController();
    const timer = time.setTimeout(() => timeout.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    try {
      const response = await connection.request({
        method: "POST",
        path: pathname,
        headers: { ...signature, "content-type": REPLY_BATCH_CONTENT_TYPE },
        body,
        signal: timeout.signal,
      });
      const { statusCode: status, headers } = response;
      return { status, date: headers["date"]?.toString(), text: await response.body.text() };
    } finally {
      time.clearTimeout(timer);
    }
  };

  const readRefusedSignature = (date: string | undefined): Attempt => {
    const differenceMs = Date.parse(date ?? "") - time.now();
    const differs = Math.abs(differenceMs) > MAX_CLOCK_DIFFERENCE_MS;
    clockDifferenceMs = differs ? differenceMs : 0;
    const seconds = Math.round(differenceMs / 1000);
    const why = differs
      ? `its clock is ${seconds} s from ours, and its time is used from now on`
      : `its clock is ${seconds} s from ours, so REPLY_SECRET differs from the Worker's`;
    return unavailable(`the signature was refused: ${why}`);
  };

  return {
    name: "worker",
    limits: {
      maxReplies: MAX_BATCH_REPLIES,
      maxBytes: MAX_BATCH_BYTES - BRACKETS_BYTES,
      maxReplyBytes: MAX_REPLY_BYTES + COMMA_BYTES,
    },
    encode(reply) {
      const json = JSON.stringify(createReplyEvent(reply));
      return { id: reply.id, json, bytes: Buffer.byteLength(json) + COMMA_BYTES };
    },
    async send(batch) {
      try {
        const { status, date, text } = await post(batch);
        if (status === 200) return readResults(text);
        if (status === 413) return { kind: "too-large" };
        if (status === 401) return readRefusedSignature(date);
        const { code, detail } = readProblem(text);
        if (code !== undefined && UNREADABLE.has(code)) return { kind: "refused", reason: detail ?? code };
        return unavailable(`it answered ${status} ${code ?? ""}`.trimEnd());
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return unavailable(code ?? message);
      }
    },
  };
};

/** HMAC-SHA-256 with one key, on this thread: handing a few kilobytes to another thread would take longer. */
export const createSha256Hmac = (key: Uint8Array): Hmac => {
  const secret = createSecretKey(key);
  return (content) => createHmac("sha256", secret).update(content).digest();
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
