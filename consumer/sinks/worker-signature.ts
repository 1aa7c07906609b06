import { createHmac, createSecretKey, randomUUID } from "node:crypto";
import type { Time } from "../../environment/time.ts";
import { type Hmac, signWebhook } from "../../protocol/webhook-signature.ts";

/** Signs what goes to the Worker, by the Worker's clock. */
export type WorkerSignature = {
  /** The headers for one attempt. The id stays the same if the same message is sent again; a new one if there is none. */
  sign(message: { readonly id?: string; readonly body: Uint8Array }): Promise<Readonly<Record<string, string>>>;
  /** The Worker refused a signature. `date` is its time, by which the next ones are signed if ours is the cause. @returns why it did */
  refused(date: string | undefined): string;
};

/** A smaller difference does no harm: the signature of a link is valid for a minute, that of a batch for five. */
const MAX_CLOCK_DIFFERENCE_MS = 30_000;

/** One for all sinks of a Worker: what one of them learns of the Worker's clock serves all. */
export const createWorkerSignature = ({ hmac, time }: { readonly hmac: Hmac; readonly time: Time }): WorkerSignature => {
  /** What to add to our clock to get the Worker's. */
  let clockDifferenceMs = 0;
  return {
    sign: ({ id = randomUUID(), body }) =>
      signWebhook(hmac, { id, timestampSeconds: Math.floor((time.now() + clockDifferenceMs) / 1000), body }),
    refused(date) {
      const differenceMs = Date.parse(date ?? "") - time.now();
      const differs = Math.abs(differenceMs) > MAX_CLOCK_DIFFERENCE_MS;
      clockDifferenceMs = differs ? differenceMs : 0;
      // Without a number where it says nothing: a reason is logged once, and the same one must have the same words.
      const why = differs
        ? `its clock is ${Math.round(differenceMs / 1000)} s from ours, and its time is used from now on`
        : "its clock is not the cause, so REPLY_SECRET differs from the Worker's";
      return `the signature was refused: ${why}`;
    },
  };
};

/** HMAC-SHA-256 with one key, on this thread: handing a few kilobytes to another thread would take longer. */
export const createSha256Hmac = (key: Uint8Array): Hmac => {
  const secret = createSecretKey(key);
  return (content) => createHmac("sha256", secret).update(content).digest();
};
