import { signWebhook } from "../../../protocol/webhook-signature.ts";
import { hmacOf } from "./replies.ts";
import { call, testEnv } from "./worker.ts";

type Redrive = Readonly<Record<string, unknown>>;

/** A signed call, as the command makes it. */
export const signedPost = async (
  value: unknown,
  { secret = testEnv.REPLY_SECRET.split(",")[0] as string, now = Date.now }: { readonly secret?: string; readonly now?: () => number } = {},
) => {
  const body = new TextEncoder().encode(JSON.stringify(value));
  const timestampSeconds = Math.floor(now() / 1_000);
  const signature = await signWebhook(await hmacOf(secret), { id: crypto.randomUUID(), timestampSeconds, body });
  return { method: "POST", headers: { "content-type": "application/json", ...signature }, body };
};

/** Sends a request again. */
export const redrive = async (request: Redrive): Promise<Response> => call("/redrives", await signedPost(request));
