import { createLocalJWKSet, type CryptoKey, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { pause as pauseFor, systemTime } from "../../../environment/time.ts";
import { RejoinderError } from "../../../protocol/errors.ts";

type KeySetOptions = {
  readonly load: () => Promise<JSONWebKeySet>;
  /** Whether requests may wait for one call together. In workerd none may: a call ends with the request that began it. */
  readonly sharesLoads: boolean;
  readonly now?: (() => number) | undefined;
  readonly pause?: (ms: number) => Promise<void>;
};

/** Finds the key that a token names. */
export type KeySet = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** How long keys count without being asked for again. */
const MAX_AGE_MS = 600_000;
/** How long they count while their host is down. Tokens hardly live longer, and a key that was withdrawn must end. */
const MAX_STALE_MS = 3_600_000;
/** Between two calls for a key that is not known, or of a host that is down, whoever asks. */
const COOLDOWN_MS = 30_000;
/** The same while there are no keys at all. */
const COLD_COOLDOWN_MS = 5_000;
/** After that a call counts as lost. */
export const LOAD_TIMEOUT_MS = 3_000;
/** Calls at once, where requests do not share them: enough that one lives if callers go away. */
const MAX_LOADS = 3;
/** How often a request beyond these looks whether one of them has ended. */
const LOOK_MS = 20;

/**
 * The keys of an issuer, in memory: asked for when they are ten minutes old, or when a token names a key that is not among them. While their host is
 * down, the old ones count for an hour. Tokens that name keys of their own invention lead to one call in half a minute.
 */
export const createKeySet = ({ load, sharesLoads, now = Date.now, pause = pauseBySystem }: KeySetOptions): KeySet => {
  let loaded: { readonly find: ReturnType<typeof createLocalJWKSet>; readonly at: number } | undefined;
  let pending: Promise<void> | undefined;
  /** The calls that have not ended. */
  let loads: { readonly startedAt: number }[] = [];
  let triedAt = Number.NEGATIVE_INFINITY;

  const run = async (own: (typeof loads)[number]): Promise<void> => {
    try {
      loaded = { find: createLocalJWKSet(await load()), at: now() };
    } catch (cause) {
      console.error("The keys of the issuer of tokens could not be read", cause);
      throw unavailable(cause);
    } finally {
      loads = loads.filter((other) => other !== own);
      pending = undefined;
    }
  };

  const isLoading = (): boolean => {
    // Of a call that began with a request that is gone, nobody hears again.
    loads = loads.filter(({ startedAt }) => now() - startedAt < LOAD_TIMEOUT_MS);
    return loads.length > 0;
  };

  /** Waits for what the calls of other requests read, by a timer of its own. */
  const awaitOthers = async (): Promise<void> => {
    const before = loaded;
    const hasNews = (): boolean => loaded !== before;
    while (!hasNews()) {
      if (!isLoading()) throw unavailable();
      await pause(LOOK_MS);
    }
  };

  const reload = async (): Promise<void> => {
    if (isLoading() && sharesLoads && pending !== undefined) return pending;
    if (loads.length >= MAX_LOADS) return awaitOthers();
    triedAt = now();
    const own = { startedAt: triedAt };
    loads.push(own);
    pending = run(own);
    return pending;
  };

  const keep = async (): Promise<void> => {
    if (loaded === undefined) {
      if (!isLoading() && now() - triedAt < COLD_COOLDOWN_MS) throw unavailable();
      return reload();
    }
    if (now() - loaded.at < MAX_AGE_MS) return;
    const isStale = now() - loaded.at < MAX_STALE_MS;
    if (isStale && now() - triedAt < COOLDOWN_MS) return;
    return reload().catch((error: unknown) => {
      if (!isStale) throw error;
    });
  };

  const find: KeySet = (header, token) => (loaded as NonNullable<typeof loaded>).find(header, token);

  return async (header, token) => {
    await keep();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!isLoading() && now() - triedAt < COOLDOWN_MS) throw error;
      // If the host is down, nobody knows whether there is such a key.
      await reload();
      return find(header, token);
    }
  };
};

const pauseBySystem = (ms: number): Promise<void> => pauseFor(systemTime, ms);

const unavailable = (cause?: unknown): RejoinderError =>
  new RejoinderError("IDENTITY_UNAVAILABLE", { detail: "The keys of the issuer of tokens could not be read.", cause });
