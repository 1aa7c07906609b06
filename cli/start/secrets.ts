import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** What the parts of one checkout share and nobody else knows. */
export type Secrets = z.output<typeof schema>;

const schema = z.object({
  /** `number:secret`: signs correlation IDs. */
  CORRELATION_SECRET: z.string().min(1),
  /** `whsec_…` (Standard Webhooks): signs the consumer's replies. */
  REPLY_SECRET: z.string().min(1),
  /** Of the gateway's one user. */
  gatewayPassword: z.string().min(1),
});

/**
 * The secrets in `secrets.json` of the directory, made at the first start and kept from then on:
 * correlation IDs of yesterday must stay valid today. Readable by its owner only.
 * @throws Error naming the file if it cannot be read as it should.
 */
export const readOrCreateSecrets = (directory: string, random: (bytes: number) => Buffer = randomBytes): Secrets => {
  const file = join(directory, "secrets.json");
  const text = readIfThere(file);
  if (text === undefined) {
    const secrets: Secrets = {
      CORRELATION_SECRET: `1:${random(32).toString("base64url")}`,
      REPLY_SECRET: `whsec_${random(32).toString("base64")}`,
      gatewayPassword: random(24).toString("base64url"),
    };
    // Renamed into place: a start that is killed here leaves no half-written file.
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return secrets;
  }
  const result = schema.safeParse(parse(text));
  if (result.success) return result.data;
  throw new Error(
    `${file} does not contain the secrets that it should. Delete it, and the next start makes new ones; older correlation IDs become invalid.`,
  );
};

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
