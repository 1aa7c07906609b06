import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { PUBLIC_OWNER } from "../correlation-id.ts";
import type { Principal } from "../identity/principal.ts";
import type { ResponseHeaders } from "../responses.ts";
import type { StatusKey } from "../status-store.ts";
import type { TakeBurst } from "./burst-windows.ts";
import type { AddressOf } from "./caller-address.ts";
import type { Entry, EntryResult, Ledger } from "./ledger.ts";
import { isCounted, periodOf, type Plan, planOf, type Plans } from "./plans.ts";
import { type LimitState, rateLimitFields } from "./rate-limit-fields.ts";

type LimitsOptions = {
  readonly plans: Plans;
  readonly takeBurst: TakeBurst;
  /** Used only for plans that count. */
  readonly ledger: Ledger;
  readonly addressOf: AddressOf;
  readonly random?: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/** The limits of one request. */
export type RequestLimits = {
  /** Counts it in the burst. Rejects with `RATE_LIMITED`. */
  begin(): Promise<void>;
  /** Counts it in the quota, and as open. Resolves to why it may not go on: `QUOTA_EXCEEDED`, `RATE_LIMITED` or `LIMITS_UNAVAILABLE`. */
  count(key: StatusKey): Promise<RejoinderError | undefined>;
  /** Takes that back, of a request that was not sent. Not to be waited for. */
  takeBack(): void;
  /** Counts further requests of the same call in the burst. Resolves to how many may go on, and why the others may not. */
  beginMore(requests: number): Promise<{ readonly allowed: number; readonly refusal?: RejoinderError }>;
  /** As `count`, of several requests by one call of whoever counts: a refusal or undefined for each, in their order. */
  countAll(keys: readonly StatusKey[]): Promise<(RejoinderError | undefined)[]>;
  /** As `takeBack`, of one that `countAll` has counted. */
  takeBackOf(key: StatusKey): void;
  /** Says in a response what the caller has left. */
  describe(response: Response): Response;
};

/** The limits of a request, by the plan of its caller; undefined if there are none. */
export type Limits = (context: Context, caller: Principal) => RequestLimits | undefined;

/** Problem types of draft-ietf-httpapi-ratelimit-headers-11. */
const EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded";
const REDUCED = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";

/** Says that a request was not counted, and what became of it. */
const QUOTA_CHECK = "quota-check";

/** After a day or a month callers come back spread over this time, and not all in one second. */
const SPREAD_SECONDS = 60;

/** About as long as the shortest requests take. */
const CONCURRENT_RETRY_SECONDS = 1;

/**
 * The limits of plans. A burst is counted where it can be done fast, by caller, of anonymous ones by address. Quotas and open requests are counted in
 * the ledger, at one place for each caller; anonymous callers are one caller there, so that no address is kept.
 */
export const createLimits = ({ plans, takeBurst, ledger, addressOf, random = Math.random, logError }: LimitsOptions): Limits => {
  return (context, caller) => {
    const found = planOf(plans, caller);
    if (found === undefined) return undefined;
    const { name, plan } = found;
    const states = new Map<LimitState["name"], LimitState>();
    const know = (state: LimitState): void => void states.set(state.name, state);
    const marks: Record<string, string> = {};
    let entry: Entry | undefined;
    const entries = new Map<string, Entry>();

    const fields = (): ResponseHeaders => ({ ...rateLimitFields([...states.values()]), ...marks });

    const refuse = (code: "RATE_LIMITED" | "QUOTA_EXCEEDED", policy: LimitState["name"], detail: string, retrySeconds: number) =>
      new RejoinderError(code, {
        detail,
        members: { type: EXCEEDED, "violated-policies": [policy] },
        headers: { ...fields(), "retry-after": String(retrySeconds) },
      });

    const overQuota = ({ requests, per }: Quota, { createdAt }: StatusKey): RejoinderError => {
      const { endsAt } = periodOf(createdAt, per);
      const detail = `Expected at most ${requests} requests in a ${per}. The next one begins at ${new Date(endsAt).toISOString()}.`;
      return refuse("QUOTA_EXCEEDED", per, detail, Math.ceil((endsAt - createdAt) / 1_000) + Math.floor(random() * SPREAD_SECONDS));
    };

    /** Lets a request through that nobody could count, or not, as the plan says. */
    const decide = (cause: unknown): RejoinderError | undefined => {
      logError("The requests of a caller could not be counted", cause);
      if (plan.whenUnavailable === "refuse") {
        const headers = { ...fields(), [QUOTA_CHECK]: "failed" };
        return new RejoinderError("LIMITS_UNAVAILABLE", { detail: UNAVAILABLE, members: { type: REDUCED }, headers, cause });
      }
      marks[QUOTA_CHECK] = "skipped";
      return undefined;
    };

    /** Undefined: it may go on. */
    const begin = async (): Promise<RejoinderError | undefined> => {
      const { burst } = plan;
      if (burst === undefined) return undefined;
      const state = { name: "burst", quota: burst.requests, windowSeconds: burst.seconds } as const;
      try {
        const { isAllowed, remaining, resetSeconds } = await takeBurst(name, burst, burstNameOf(caller, addressOf, context));
        know({ ...state, ...(remaining !== undefined && { remaining }), ...(resetSeconds !== undefined && { resetSeconds }) });
        if (isAllowed) return undefined;
      } catch (error) {
        know(state);
        return decide(error);
      }
      const seconds = states.get("burst")?.resetSeconds ?? burst.seconds;
      return refuse("RATE_LIMITED", "burst", `Expected at most ${burst.requests} requests in ${burst.seconds} s.`, seconds);
    };

    const entryOf = (key: StatusKey): Entry => ({ caller: caller.owner, key, quota: plan.quota, concurrent: plan.concurrent });

    const heed = (key: StatusKey, result: EntryResult): RejoinderError | undefined => {
      const { quota, concurrent } = plan;
      for (const state of countedStates(plan, key, result)) know(state);
      if (result.violated === undefined) return undefined;
      if (result.violated === "quota" && quota !== undefined) return overQuota(quota, key);
      return refuse("RATE_LIMITED", "concurrent", `Expected at most ${concurrent} requests that have not ended.`, CONCURRENT_RETRY_SECONDS);
    };

    const takeBack = (counted: Entry | undefined): void => {
      if (counted === undefined) return;
      ledger.takeBack(counted).catch((error: unknown) => logError("A request that was not sent stays counted in its quota", error));
    };

    return {
      async begin() {
        const refusal = await begin();
        if (refusal !== undefined) throw refusal;
      },

      async count(key) {
        if (!isCounted(plan)) return undefined;
        entry = entryOf(key);
        let result: EntryResult;
        try {
          result = await ledger.enter(entry);
        } catch (error) {
          // Nobody knows whether there is anything to take back.
          entry = undefined;
          return decide(error);
        }
        const refusal = heed(key, result);
        if (refusal !== undefined) entry = undefined;
        return refusal;
      },

      takeBack() {
        takeBack(entry);
        entry = undefined;
      },

      async beginMore(requests) {
        if (plan.burst === undefined) return { allowed: requests };
        for (let allowed = 0; allowed < requests; allowed += 1) {
          const refusal = await begin();
          if (refusal !== undefined) return { allowed, refusal };
        }
        return { allowed: requests };
      },

      async countAll(keys) {
        if (!isCounted(plan) || keys.length === 0) return keys.map(() => undefined);
        let results: readonly EntryResult[];
        try {
          results = await ledger.enterAll(keys.map(entryOf));
        } catch (error) {
          const refusal = decide(error);
          return keys.map(() => refusal);
        }
        return keys.map((key, index) => {
          const refusal = heed(key, results[index] as EntryResult);
          if (refusal === undefined) entries.set(key.text, entryOf(key));
          return refusal;
        });
      },

      takeBackOf(key) {
        takeBack(entries.get(key.text));
        entries.delete(key.text);
      },

      describe(response) {
        for (const [field, value] of Object.entries(fields())) response.headers.set(field, value);
        return response;
      },
    };
  };
};

const UNAVAILABLE = "Whoever counts requests is away, and the plan of the caller demands that they are counted. Nothing was sent to Kafka.";

/** By whom bursts are counted. */
const burstNameOf = ({ owner }: Principal, addressOf: AddressOf, context: Context): string =>
  owner === PUBLIC_OWNER ? (addressOf(context) ?? PUBLIC_OWNER) : owner;

type Quota = NonNullable<Plan["quota"]>;

const countedStates = ({ quota, concurrent }: Plan, { createdAt }: StatusKey, { used }: EntryResult): LimitState[] => {
  const states: LimitState[] = [];
  if (quota !== undefined) {
    const { beginsAt, endsAt } = periodOf(createdAt, quota.per);
    states.push({
      name: quota.per,
      quota: quota.requests,
      windowSeconds: (endsAt - beginsAt) / 1_000,
      remaining: Math.max(quota.requests - used, 0),
      resetSeconds: Math.ceil((endsAt - createdAt) / 1_000),
    });
  }
  // How many are left is known only once somebody has looked which have ended.
  if (concurrent !== undefined) states.push({ name: "concurrent", quota: concurrent });
  return states;
};
