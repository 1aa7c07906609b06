import { randomBytes } from "node:crypto";
import { writeSigningKey } from "../../worker/webhooks/signing-key.ts";

/** What completion webhooks can be signed by. */
export type NewKey = {
  /** `whsk_…`, for WEBHOOK_SIGNING_KEY. */
  readonly signingKey: string;
  /** `whpk_…`, for receivers; no secret. */
  readonly publicKey: string;
  /** `whsec_…`, for WEBHOOK_SECRET. */
  readonly secret: string;
};

const BYTES = 32;

/** Makes an Ed25519 key pair and a secret, by the system's random numbers. */
export const createNewKey = async (random: (bytes: number) => Buffer = randomBytes): Promise<NewKey> => ({
  ...(await writeSigningKey(Uint8Array.from(random(BYTES)))),
  secret: `whsec_${random(BYTES).toString("base64")}`,
});

/** The same as lines of a file of variables. */
export const newKeyText = ({ signingKey, publicKey, secret }: NewKey): string =>
  `# The public key, for receivers: ${publicKey}\nWEBHOOK_SIGNING_KEY=${signingKey}\n# Only for receivers of your own, who could sign by it, too.\nWEBHOOK_SECRET=${secret}`;
