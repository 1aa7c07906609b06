import { Pool } from "undici";
import type { Time } from "../../environment/time.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import type { SignatureHeaders, WorkerSignature } from "./worker-signature.ts";

type SignedPostsOptions = {
  readonly url: string;
  readonly contentType: string;
  /** More calls wait for one another. */
  readonly maxConnections: number;
  readonly signature: WorkerSignature;
  /** Learns the Worker's time. */
  readonly clock: MailboxClock;
  readonly time: Time;
};

/** Calls of one route of the Worker, signed by the Standard Webhooks scheme. */
export type SignedPosts = {
  /** One attempt. @throws Error if nobody answered in time */
  post(message: Message): Promise<WorkerResponse>;
  close(): Promise<void>;
};

/** A body, the id of its message, and what else its headers say. */
export type Message = { readonly id?: string; readonly body: string; readonly headers?: Readonly<Record<string, string>> };

/** What the Worker answered. The body is read to its end, since only then the connection is free for the next call. */
export type WorkerResponse = {
  readonly status: number;
  readonly date: string | undefined;
  readonly signed: SignatureHeaders;
  readonly text: string;
};

/** A Worker that has not answered by then will not answer. */
const TIMEOUT_MS = 10_000;

export const signedPosts = ({ url, contentType, maxConnections, signature, clock, time }: SignedPostsOptions): SignedPosts => {
  const { origin, pathname } = new URL(url);
  // Not `fetch`: it makes streams for each call, which take longer than everything else here.
  const connections = new Pool(origin, { connections: maxConnections });

  return {
    async post({ body: text, headers: more, ...message }) {
      const body = Buffer.from(text);
      // Each attempt is signed again, because a signature ages. The id stays, because it is the same message.
      const signed = await signature.sign({ ...message, body });
      const headers = { ...signed, ...more, "content-type": contentType };
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
    },
    close: () => connections.destroy(),
  };
};

/** What a problem (RFC 9457) says, if the text is one. */
export const problemOf = (text: string): { readonly code?: string; readonly detail?: string } => {
  const { code, detail } = objectOf(text);
  return { ...(typeof code === "string" ? { code } : {}), ...(typeof detail === "string" ? { detail } : {}) };
};

/** The members of a JSON object; none if the text is no such thing. */
export const objectOf = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};
