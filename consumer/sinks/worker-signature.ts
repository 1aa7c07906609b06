import { createHmac, createSecretKey, randomUUID } from "node:crypto";
import { type Hmac, signWebhook, WEBHOOK_TIMESTAMP } from "../../protocol/webhook-signature.ts";
import type { MailboxClock } from "../mailbox-clock.ts";

/** The headers that carry a signature. */
export type SignatureHeaders = Readonly<Record<string, string>>;

/** Signs what goes to the Worker, by the Worker's clock. */
export type WorkerSignature = {
  /** The headers for one attempt. The id stays the same if the same message is sent again; a new one if there is none. */
  sign(message: { readonly id?: string; readonly body: Uint8Array }): Promise<SignatureHeaders>;
  /** The Worker refused these headers. `date` is its time. @returns why it did */
  refused(headers: SignatureHeaders, date: string | undefined): string;
};

/** A smaller difference does no harm: the signature of a link is valid for a minute, that of a batch for five. */
const MAX_CLOCK_DIFFERENCE_MS = 30_000;

/** One for all sinks of a Worker. */
export const createWorkerSignature = ({ hmac, clock }: { readonly hmac: Hmac; readonly clock: MailboxClock }): WorkerSignature => ({
  sign: ({ id = randomUUID(), body }) => signWebhook(hmac, { id, timestampSeconds: Math.floor(clock.time.now() / 1000), body }),
  refused(headers, date) {
    // With the time that was signed, since the clock may have been corrected meanwhile.
    const differs = Math.abs(Date.parse(date ?? "") - Number(headers[WEBHOOK_TIMESTAMP]) * 1000) > MAX_CLOCK_DIFFERENCE_MS;
    // Without a number: a reason is logged once, and the same one must have the same words.
    const why = differs
      ? "its clock differs from ours, and its time is used from now on"
      : "its clock is not the cause, so REPLY_SECRET differs from the Worker's";
    return `the signature was refused: ${why}`;
  },
});

/** HMAC-SHA-256 with one key, on this thread: handing a few kilobytes to another thread would take longer. */
export const createSha256Hmac = (key: Uint8Array): Hmac => {
  const secret = createSecretKey(key);
  return (content) => createHmac("sha256", secret).update(content).digest();
};
