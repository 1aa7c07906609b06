import { RejoinderError } from "../protocol/errors.ts";
import { importWebhookKey, verifyWebhook } from "../protocol/webhook-signature.ts";
import { problemResponse } from "./responses.ts";

type SignatureCheckOptions = {
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly now: () => number;
};

/** Checks that the consumer signed something: undefined, or the response that refuses it. */
export const createSignatureCheck = ({ secrets, now }: SignatureCheckOptions) => {
  let keys: Promise<CryptoKey[]> | undefined;

  return async (headers: Headers, body: Uint8Array, toleranceSeconds?: number): Promise<Response | undefined> => {
    keys ??= Promise.all(secrets.map(importWebhookKey));
    const verdict = await verifyWebhook(await keys, { headers, body, nowMs: now(), ...(toleranceSeconds && { toleranceSeconds }) });
    return verdict === "valid" ? undefined : unauthorized(`The webhook signature is ${verdict}.`, now());
  };
};

/** 401, with our time, so that a sender whose clock is off can see it. */
export const unauthorized = (detail: string, nowMs: number): Response =>
  problemResponse(new RejoinderError("UNAUTHORIZED", { detail }), { date: new Date(nowMs).toUTCString() });
