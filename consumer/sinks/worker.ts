import { Client } from "undici";
import { MAX_BATCH_BYTES, MAX_BATCH_REPLIES, MAX_REPLY_BYTES } from "../../protocol/limits.ts";
import { OUTCOMES, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import type { DeliveryResult } from "../../protocol/reply-event.ts";
import { type Hmac, signWebhook } from "../../protocol/webhook-signature.ts";
import type { Attempt, Batch, Sink } from "../sink.ts";
import { type Clock, platformTimers, type Timers } from "../timers.ts";

export type WorkerSinkOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  /** With the key that `REPLY_SECRET` holds first. */
  readonly hmac: Hmac;
  readonly now?: Clock;
  readonly timers?: Timers;
};

/** A Worker that has not answered by then is not going to. */
const TIMEOUT_MS = 10_000;
/** Clocks that differ by less do no harm to a signature, which is good for five minutes. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;
/** Codes by which the Worker says that it cannot read the batch, whenever it is sent. */
const UNREADABLE = new Set(["INVALID_BATCH", "MALFORMED_JSON"]);

/** What the Worker answered: its body was read whole, since only then the connection is free for the next batch. */
type Answer = { readonly status: number; readonly date: string | undefined; readonly text: string };

/** Delivers to `POST /replies` of the Worker: a CloudEvents HTTP batch, signed by the Standard Webhooks scheme. */
export const workerSink = ({ url, hmac, now = Date.now, timers = platformTimers }: WorkerSinkOptions): Sink => {
  const { origin, pathname } = new URL(`${url}/replies`);
  // Not by `fetch`: one batch is under way at a time, and the streams that it makes for each take longer than all else here.
  const connection = new Client(origin);
  /** What to add to our clock to get the Worker's. */
  let clockDifferenceMs = 0;

  const post = async ({ id, replies }: Batch): Promise<Answer> => {
    const body = Buffer.from(`[${replies.map(({ json }) => json).join(",")}]`);
    // Signed anew for each attempt, since a signature ages; the id stays, since it is the same message.
    const signature = await signWebhook(hmac, { id, timestampSeconds: Math.floor((now() + clockDifferenceMs) / 1000), body });
    const timeout = new AbortController();
    const timer = timers.setTimeout(() => timeout.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    try {
      const answer = await connection.request({
        method: "POST",
        path: pathname,
        headers: { ...signature, "content-type": REPLY_BATCH_CONTENT_TYPE },
        body,
        signal: timeout.signal,
      });
      const { statusCode: status, headers } = answer;
      return { status, date: headers["date"]?.toString(), text: await answer.body.text() };
    } finally {
      timers.clearTimeout(timer);
    }
  };

  const readRefusedSignature = (date: string | undefined): Attempt => {
    const differenceMs = Date.parse(date ?? "") - now();
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
    limits: { maxReplies: MAX_BATCH_REPLIES, maxBytes: MAX_BATCH_BYTES, maxReplyBytes: MAX_REPLY_BYTES },
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
