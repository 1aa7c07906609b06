import { isApiKeyId, readApiKey } from "../../worker/identity/keys/api-key.ts";
import { UsageError } from "../command.ts";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** The ID that a call names, by itself or in a whole key. @throws UsageError */
export const readKeyId = (text: string): string => {
  const id = isApiKeyId(text) ? text : readApiKey(text)?.id;
  // Not shown: it may be most of a secret.
  if (id === undefined) throw new UsageError("Expected KEY to be the ID of a key, 8 letters and digits as rejoinder keys list shows it.");
  return id;
};

/** The scopes of a key, comma-separated. Which there are, only the Worker knows. @throws UsageError */
export const readScopes = (text = "requests:*,status:read"): readonly string[] => {
  const scopes = text.split(",").map((scope) => scope.trim());
  if (!scopes.includes("")) return [...new Set(scopes)];
  throw new UsageError(`Expected --scopes to be a list such as requests:sum,status:read, got ${JSON.stringify(text)}.`);
};

/** How long, in seconds, such as 24h. @throws UsageError */
export const readLength = (name: string, text: string): number => {
  const length = lengthOf(text);
  if (length === undefined)
    throw new UsageError(`Expected --${name} to be a length of time such as 30m, 24h or 7d, got ${JSON.stringify(text)}.`);
  return length;
};

/** When a key ends, in milliseconds since 1970: a time, or in how long. @throws UsageError */
export const readExpiry = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined;
  const length = lengthOf(text);
  const at = length === undefined ? (RFC_3339.test(text) ? Date.parse(text) : Number.NaN) : now + length * 1_000;
  if (at > now) return at;
  throw new UsageError(
    `Expected --expires to be a time to come such as 2027-01-31T00:00:00Z, or in how long such as 90d, got ${JSON.stringify(text)}.`,
  );
};

const lengthOf = (text: string): number | undefined => {
  const { count, unit } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  return unit === undefined ? undefined : Number(count) * SECONDS[unit as keyof typeof SECONDS];
};
