import * as z from "zod";
import { type Environment, readEnvironment } from "../environment/environment.ts";
import { commaList } from "../environment/variables.ts";
import { readWebhookSecret } from "../protocol/webhook-signature.ts";

const schema = z.object({
  REPLY_SECRET: commaList()
    .transform((secrets) => readWebhookSecret(secrets[0] ?? ""))
    .refine((key) => key !== undefined, "Expected whsec_ and base64 of 24 to 64 bytes; of two, the first one signs.")
    .describe("Set it to the Worker's REPLY_SECRET, which signs what an operator asks of it."),
});

/** The key bytes that sign the calls of an operator. @throws ConfigurationError */
export const readReplyKey = (environment: Environment): Uint8Array<ArrayBuffer> =>
  readEnvironment(schema, environment).REPLY_SECRET as Uint8Array<ArrayBuffer>;
