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
  /** Absent: that of the web, as in a Worker. */
  readonly platform?: CorrelationIdPlatform;
};

/** What correlation IDs need of their platform: each has a way of its own that is fast. */
export type CorrelationIdPlatform = {
  /** HMAC-SHA-256 under a secret. Its key is made once. */
  createMac(secret: Uint8Array): Mac;
  /** Base64url (RFC 4648 §5), without padding. */
  encode(bytes: Uint8Array<ArrayBuffer>): string;
  /** The bytes of text that has only characters of base64url. */
  decode(text: string): Uint8Array<ArrayBuffer>;
  /** How many of the newest IDs are remembered at least, and twice as many at most, where those who make IDs soon read them. Absent: none. */
  readonly remembers?: number;
};

type Mac = (content: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>;

/** The owner tag of requests that anybody may read. */
export const PUBLIC_OWNER = "000000000000";

/** The part of a correlation ID that tells its owner: of 47 bytes those from 15 to 20, which are whole characters of base64url. */
export const ownerPartOf = (correlationId: string): string => correlationId.slice(20, 28);

/** That part, for an owner's tag. */
export const writeOwnerPart = (tag: string): string =>
  btoa(String.fromCharCode(...(tag.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16))))
    .replaceAll("+", "-")
    .replaceAll("/", "_");

const VERSION = 1;
const PAYLOAD_BYTES = 31;
const MAC_BYTES = 16;
const CLOCK_TOLERANCE_MS = 60_000;
const OWNER_AT = 15;
const RANDOM_AT = 21;

const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;
const ALGORITHM = { name: "HMAC", hash: "SHA-256" } as const;

const web: CorrelationIdPlatform = {
  createMac(secret) {
    const key = crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["sign"]);
    return async (content) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, await key, content));
  },
  encode: (bytes) => bytes.toBase64(BASE64URL),
  decode: (text) => Uint8Array.fromBase64(text, BASE64URL),
};

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
  platform = web,
}: CorrelationIdOptions) => {
  const encoder = new TextEncoder();
  const scope = encoder.encode(environment);
  const macs = new Map<number, Mac>();
  const macOf = (number: number): Mac | undefined => {
    const secret = secrets.find((candidate) => candidate.number === number)?.secret;
    if (secret === undefined) return undefined;
    let mac = macs.get(number);
    if (mac === undefined) macs.set(number, (mac = platform.createMac(encoder.encode(secret))));
    return mac;
  };
  /** IDs that were made here, which need no check, in two generations: to drop the oldest one by one would take a Map longer than a MAC. */
  let made = new Map<string, CorrelationId>();
  let madeBefore = made;
  const remember = (id: CorrelationId): CorrelationId => {
    const { remembers = 0 } = platform;
    if (remembers === 0) return id;
    if (made.size >= remembers) {
      madeBefore = made;
      made = new Map();
    }
    made.set(id.text, id);
    return id;
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
      setUint48(view, 3, createdAt);
      setUint24(view, 9, request.deadlineSeconds);
      setUint24(view, 12, request.retentionSeconds);
      setUint48(view, OWNER_AT, Number.parseInt(request.owner ?? PUBLIC_OWNER, 16));
      random(bytes.subarray(RANDOM_AT, PAYLOAD_BYTES));
      const mac = await (macOf(number) as Mac)(signed(bytes.subarray(0, PAYLOAD_BYTES)));
      bytes.set(mac.subarray(0, MAC_BYTES), PAYLOAD_BYTES);
      return remember(describe(bytes, platform.encode(bytes)));
    },

    /**
     * Reads an ID, or undefined for anything that this environment did not make: forged, truncated, spelled otherwise,
     * signed with a secret that is no longer listed, or from the future.
     */
    async read(text: string): Promise<CorrelationId | undefined> {
      const known = made.get(text) ?? madeBefore.get(text);
      if (known !== undefined) return known;
      if (!isCorrelationIdShape(text)) return undefined;
      const bytes = platform.decode(text);
      const macOfKey = (bytes[0] as number) >> 4 === VERSION ? macOf((bytes[0] as number) & 0x0f) : undefined;
      if (macOfKey === undefined) return undefined;
      // The MAC is truncated, so it is compared here: without a branch on its content.
      const mac = await macOfKey(signed(bytes.subarray(0, PAYLOAD_BYTES)));
      let difference = 0;
      for (let index = 0; index < MAC_BYTES; index++) difference |= (mac[index] as number) ^ (bytes[PAYLOAD_BYTES + index] as number);
      const id = describe(bytes, platform.encode(bytes));
      // Base64url has spare bits in its last character: another spelling of the same bytes is a forgery too.
      return difference === 0 && id.text === text && id.createdAt <= now() + CLOCK_TOLERANCE_MS ? id : undefined;
    },
  };
};

export type CorrelationIds = ReturnType<typeof createCorrelationIds>;

const describe = (bytes: Uint8Array<ArrayBuffer>, text: string): CorrelationId => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const createdAt = getUint48(view, 3);
  return {
    text,
    shard: view.getUint16(1),
    createdAt,
    deadline: createdAt + getUint24(view, 9) * 1_000,
    expiresAt: createdAt + getUint24(view, 12) * 1_000,
    owner: getUint48(view, OWNER_AT).toString(16).padStart(12, "0"),
  };
};

const setUint24 = (view: DataView, offset: number, value: number): void => {
  view.setUint8(offset, value >>> 16);
  view.setUint16(offset + 1, value & 0xffff);
};
const getUint24 = (view: DataView, offset: number): number => view.getUint8(offset) * 2 ** 16 + view.getUint16(offset + 1);

const setUint48 = (view: DataView, offset: number, value: number): void => {
  view.setUint16(offset, Math.floor(value / 2 ** 32));
  view.setUint32(offset + 2, value % 2 ** 32);
};
const getUint48 = (view: DataView, offset: number): number => view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2);
