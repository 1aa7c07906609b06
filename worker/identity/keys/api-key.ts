/** What the text of an API key says before anybody looks it up. */
export type ApiKeyText = { readonly environment: string; readonly id: string };

/** Without 0, O, I and l, which look alike. */
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const ID_LENGTH = 8;
const SECRET_BYTES = 32;
/** The digits of 32 bytes in base 58, with as many leading zeros as that takes. */
const SECRET_LENGTH = 44;
const MAX_ENVIRONMENT_LENGTH = 12;

const KEY = new RegExp(`^rj_([a-z0-9]{1,${MAX_ENVIRONMENT_LENGTH}})_([${BASE58}]{${ID_LENGTH}})_[${BASE58}]{${SECRET_LENGTH}}$`);
const ID = new RegExp(`^[${BASE58}]{${ID_LENGTH}}$`);

/** What every API key begins with. */
export const API_KEY_PREFIX = "rj_";

export const isApiKeyId = (text: string): boolean => ID.test(text);

/** Reads `rj_<environment>_<id>_<secret>`; undefined if the text is no API key. The longest is 70 characters. */
export const readApiKey = (text: string): ApiKeyText | undefined => {
  const [, environment, id] = KEY.exec(text) ?? [];
  return environment === undefined || id === undefined ? undefined : { environment, id };
};

/** How keys name an environment: `live` for production, `dev` for development, else its first 12 letters and digits. */
export const shortEnvironment = (environment: string): string => {
  if (environment === "production") return "live";
  if (environment === "development") return "dev";
  return (
    environment
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "")
      .slice(0, MAX_ENVIRONMENT_LENGTH) || "other"
  );
};

/** A new key, and the ID in it. @param environment as {@link shortEnvironment} gives it */
export const createApiKey = (
  environment: string,
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) => crypto.getRandomValues(bytes),
): { readonly id: string; readonly key: string } => {
  // 8 digits of base 58 are 47 bits: of 16 bytes, the lower digits are as good as evenly spread.
  const id = toBase58(random(new Uint8Array(16))).slice(-ID_LENGTH);
  const secret = toBase58(random(new Uint8Array(SECRET_BYTES))).padStart(SECRET_LENGTH, BASE58[0]);
  return { id, key: `${API_KEY_PREFIX}${environment}_${id}_${secret}` };
};

const toBase58 = (bytes: Uint8Array): string => {
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let digits = "";
  for (; number > 0n; number /= 58n) digits = (BASE58[Number(number % 58n)] as string) + digits;
  return digits.padStart(ID_LENGTH, BASE58[0]);
};

/** Whether two hashes as hex are the same, in a time that says nothing of where they differ. */
export const isSameHash = (one: string, other: string): boolean => {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
};
