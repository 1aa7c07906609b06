import { createReplyEvent, OPERATIONS_HEADER, REPLY_BATCH_CONTENT_TYPE, type Reply } from "../../../protocol/reply-event.ts";
import { type Hmac, readWebhookSecret, signWebhook } from "../../../protocol/webhook-signature.ts";
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

export type Signing = {
  secret?: string | undefined;
  timestampSeconds?: number;
  body?: string;
  contentType?: string;
  operations?: string;
  to?: typeof call;
};

/** What signs with a secret, here where there is no Node. */
export const hmacOf = async (secret: string): Promise<Hmac> => {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = readWebhookSecret(secret) as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return async (content) => new Uint8Array(await crypto.subtle.sign(algorithm, key, content));
};

/** Signs a batch and delivers it, as the consumer does. */
export const deliver = async (replies: readonly Reply[], options: Signing = {}): Promise<Response> => {
  const body = new TextEncoder().encode(options.body ?? JSON.stringify(replies.map(createReplyEvent)));
  const secret = options.secret ?? (testEnv.REPLY_SECRET.split(",")[0] as string);
  const timestampSeconds = options.timestampSeconds ?? Math.floor(Date.now() / 1_000);
  const signature = await signWebhook(await hmacOf(secret), { id: crypto.randomUUID(), timestampSeconds, body });
  return (options.to ?? call)("/replies", {
    method: "POST",
    headers: {
      "content-type": options.contentType ?? REPLY_BATCH_CONTENT_TYPE,
      ...(options.operations === undefined ? {} : { [OPERATIONS_HEADER]: options.operations }),
      ...signature,
    },
    body,
  });
};

/** The outcomes of a delivered batch. */
export const outcomesOf = async (response: Response): Promise<string[]> => {
  const { results } = await response.json<{ results: { outcome: string }[] }>();
  return results.map(({ outcome }) => outcome);
};
