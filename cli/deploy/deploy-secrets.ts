import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What only this project's Worker and consumers know, so that it can be made here. */
export const MADE_SECRETS = ["CORRELATION_SECRET", "REPLY_SECRET"] as const;
export type MadeSecret = (typeof MADE_SECRETS)[number];

/** A new value: of the form that the Worker expects under that name. */
export const makeSecret = (name: MadeSecret, random: (bytes: number) => Buffer = randomBytes): string =>
  name === "CORRELATION_SECRET" ? `1:${random(32).toString("base64url")}` : `whsec_${random(32).toString("base64")}`;

/** Where the secrets of a deployment are kept for its consumers. */
export const secretsFileOf = (root: string, environment: string | undefined): string =>
  join(root, `.rejoinder/deploy/${environment ?? "default"}.env`);

/** The secrets that were made here before. */
export const readMadeSecrets = (file: string): Partial<Record<MadeSecret, string>> => {
  try {
    return Object.fromEntries([...readFileSync(file, "utf8").matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
};

/** Keeps them, readable by their owner only. */
export const writeMadeSecrets = (file: string, secrets: Partial<Record<MadeSecret, string>>): void => {
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
};
