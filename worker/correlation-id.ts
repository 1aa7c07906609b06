import { isCorrelationIdShape } from "../protocol/correlation-id.ts";

/** What a genuine correlation ID says about its request. Times are milliseconds since 1970. */
export type CorrelationId = {
  /** The ID as callers see it: 63 characters of base64url. */
  readonly text: string;
  readonly shard: number;
  readonly createdAt: number;
  readonly deadline: number;
  /** Until when the status can be read. */
  readonly expiresAt: number;
  /** The owner's tag, 6 bytes as hex; zeros for everybody. */
  readonly owner: string;
};

type CorrelationIdOptions = {
  /** Newest first: the first signs, all verify. Numbers are 0 to 15. */
  readonly secrets: readonly { readonly number: number; readonly secret: string }[];
  /** Part of what is signed, so that an ID of one environment is a forgery in another. */
  readonly environment: string;
  readonly now?: () => number;
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
};

/** The owner tag of requests that anybody may read. */
export const PUBLIC_OWNER = "000000000000";

const VERSION = 1;
const PAYLOAD_BYTES = 31;
const MAC_BYTES = 16;
const CLOCK_TOLERANCE_MS = 60_000;
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;
const ALGORITHM = { name: "HMAC", hash: "SHA-256" } as const;

/**
 * Makes and reads correlation IDs: base64url of version and key number (1 byte), mailbox shard (2), createdAt in ms (6),
 * deadline (3) and expiry (3) in seconds after it, owner tag (6), random (10), and HMAC-SHA-256 over all of that and the
 * environment's name, truncated to 16 bytes. So accepting a request writes nothing, and a forged ID reaches no storage.
 */
export const createCorrelationIds = ({
  secrets,
  environment,
  now = Date.now,
  random = (bytes) => crypto.getRandomValues(bytes),
}: CorrelationIdOptions) => {
  const encoder = new TextEncoder();
  const scope = encoder.encode(environment);
  const keys = new Map<number, Promise<CryptoKey>>();
  const keyOf = (number: number): Promise<CryptoKey> | undefined => {
    const secret = secrets.find((candidate) => candidate.number === number)?.secret;
    if (secret === undefined) return undefined;
    let key = keys.get(number);
    if (key === undefined) keys.set(number, (key = crypto.subtle.importKey("raw", encoder.encode(secret), ALGORITHM, false, ["sign"])));
    return key;
  };
  const signed = (payload: Uint8Array): Uint8Array<ArrayBuffer> => {
    const content = new Uint8Array(PAYLOAD_BYTES + scope.length);
    content.set(payload);
    content.set(scope, PAYLOAD_BYTES);
    return content;
  };

  return {
    /** A new ID. Durations are whole seconds below 2^24. */
    async create(request: { shard: number; deadlineSeconds: number; retentionSeconds: number; owner?: string }): Promise<CorrelationId> {
      const number = (secrets[0] as { number: number }).number;
      const createdAt = now();
      const bytes = new Uint8Array(PAYLOAD_BYTES + MAC_BYTES);
      const view = new DataView(bytes.buffer);
      bytes[0] = (VERSION << 4) | number;
      view.setUint16(1, request.shard);
      view.setUint16(3, Math.floor(createdAt / 2 ** 32));
      view.setUint32(5, createdAt % 2 ** 32);
      setUint24(view, 9, request.deadlineSeconds);
      setUint24(view, 12, request.retentionSeconds);
      bytes.subarray(15, 21).setFromHex(request.owner ?? PUBLIC_OWNER);
      random(bytes.subarray(21, PAYLOAD_BYTES));
      const mac = await crypto.subtle.sign(ALGORITHM, (await keyOf(number)) as CryptoKey, signed(bytes.subarray(0, PAYLOAD_BYTES)));
      bytes.set(new Uint8Array(mac, 0, MAC_BYTES), PAYLOAD_BYTES);
      return describe(bytes);
    },

    /**
     * Reads an ID, or undefined for anything that this environment did not make: forged, truncated, spelled otherwise,
     * signed with a secret that is no longer listed, or from the future.
     */
    async read(text: string): Promise<CorrelationId | undefined> {
      if (!isCorrelationIdShape(text)) return undefined;
      const bytes = Uint8Array.fromBase64(text, BASE64URL);
      const key = (bytes[0] as number) >> 4 === VERSION ? keyOf((bytes[0] as number) & 0x0f) : undefined;
      if (key === undefined) return undefined;
      // The MAC is truncated, so it is compared here: without a branch on its content.
      const mac = new Uint8Array(await crypto.subtle.sign(ALGORITHM, await key, signed(bytes.subarray(0, PAYLOAD_BYTES))));
      let difference = 0;
      for (let index = 0; index < MAC_BYTES; index++) difference |= (mac[index] as number) ^ (bytes[PAYLOAD_BYTES + index] as number);
      const id = describe(bytes);
      // Base64url has spare bits in its last character: another spelling of the same bytes is a forgery too.
      return difference === 0 && id.text === text && id.createdAt <= now() + CLOCK_TOLERANCE_MS ? id : undefined;
    },
  };
};

export type CorrelationIds = ReturnType<typeof createCorrelationIds>;

const describe = (bytes: Uint8Array<ArrayBuffer>): CorrelationId => {
  const view = new DataView(bytes.buffer);
  const createdAt = view.getUint16(3) * 2 ** 32 + view.getUint32(5);
  return {
    text: bytes.toBase64(BASE64URL),
    shard: view.getUint16(1),
    createdAt,
    deadline: createdAt + getUint24(view, 9) * 1_000,
    expiresAt: createdAt + getUint24(view, 12) * 1_000,
    owner: bytes.subarray(15, 21).toHex(),
  };
};

const setUint24 = (view: DataView, offset: number, value: number): void => {
  view.setUint8(offset, value >>> 16);
  view.setUint16(offset + 1, value & 0xffff);
};
const getUint24 = (view: DataView, offset: number): number => view.getUint8(offset) * 2 ** 16 + view.getUint16(offset + 1);
