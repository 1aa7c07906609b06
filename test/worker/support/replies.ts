import { createReplyEvent, REPLY_BATCH_CONTENT_TYPE, type Reply } from "../../../protocol/reply-event.ts";
import { importWebhookKey, readWebhookSecret, signWebhook } from "../../../protocol/webhook-signature.ts";
import { call, testEnv } from "./worker.ts";

/** A succeeded reply of `sum` for that request. */
export const replyTo = (correlationId: string, overrides: Partial<Reply> = {}): Reply => ({
  id: crypto.randomUUID(),
  correlationId,
  operation: "sum",
  state: "succeeded",
  source: "/consumer",
  time: Date.now(),
  data: { sum: 5 },
  ...overrides,
});

export type Signing = { secret?: string | undefined; timestampSeconds?: number; body?: string; contentType?: string };

/** Signs a batch and delivers it, as the consumer does. */
export const deliver = async (replies: readonly Reply[], options: Signing = {}): Promise<Response> => {
  const body = new TextEncoder().encode(options.body ?? JSON.stringify(replies.map(createReplyEvent)));
  const secret = options.secret ?? (testEnv.REPLY_SECRET.split(",")[0] as string);
  const key = await importWebhookKey(readWebhookSecret(secret) as Uint8Array<ArrayBuffer>);
  const timestampSeconds = options.timestampSeconds ?? Math.floor(Date.now() / 1_000);
  const signature = await signWebhook(key, { id: crypto.randomUUID(), timestampSeconds, body });
  return call("/replies", {
    method: "POST",
    headers: { "content-type": options.contentType ?? REPLY_BATCH_CONTENT_TYPE, ...signature },
    body,
  });
};

/** The outcomes of a delivered batch. */
export const outcomesOf = async (response: Response): Promise<string[]> => {
  const { results } = await response.json<{ results: { outcome: string }[] }>();
  return results.map(({ outcome }) => outcome);
};
