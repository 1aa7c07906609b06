import * as z from "zod";
import { ConfigurationError } from "../../environment/environment.ts";
import type { Principal } from "../identity/principal.ts";

/** What the callers of a plan may do, each of them. What is absent has no limit, and costs nothing. */
export type Plan = {
  /** At most so many requests in any 10 or 60 seconds. */
  readonly burst?: { readonly requests: number; readonly seconds: 10 | 60 } | undefined;
  /** At most so many requests in a day or a month of UTC, counted exactly. */
  readonly quota?: { readonly requests: number; readonly per: "day" | "month" } | undefined;
  /** At most so many requests that have not ended. */
  readonly concurrent?: number | undefined;
  /** What becomes of a request when nobody can say how many came before. Default: `allow`. */
  readonly whenUnavailable?: "allow" | "refuse" | undefined;
};

/** By name. Who has no plan, or one that is not here, has the one that is called `default`, if there is one. */
export type Plans = Readonly<Record<string, Plan>>;

const DEFAULT_PLAN = "default";

const requests = z.int().min(1).max(1_000_000_000);
const plan = z.strictObject({
  // So many are remembered one by one on Node.
  burst: z.strictObject({ requests: z.int().min(1).max(10_000), seconds: z.literal([10, 60]) }).optional(),
  quota: z.strictObject({ requests, per: z.enum(["day", "month"]) }).optional(),
  // Whether they have ended is asked of each.
  concurrent: z.int().min(1).max(1_000).optional(),
  whenUnavailable: z.enum(["allow", "refuse"]).optional(),
});
/** A plan's name is part of a binding's name. */
const plans = z.record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "Expected a name of small letters, digits and _"), plan);

/** Checks what an application gives. @throws ConfigurationError with what is wrong, a line each */
export const checkPlans = (given: Plans): void => {
  const issues = plans.safeParse(given).error?.issues ?? [];
  if (issues.length > 0)
    throw new ConfigurationError(issues.map(({ path, message }) => `${["plans", ...path.map(String)].join(".")}: ${message}`));
};

/** Whether a plan counts what must be counted in one place. */
export const isCounted = ({ quota, concurrent }: Plan): boolean => quota !== undefined || concurrent !== undefined;

/** The plan of a caller, with its name; undefined if the caller has no limits. */
export const planOf = (given: Plans, { plan = DEFAULT_PLAN }: Pick<Principal, "plan">): { name: string; plan: Plan } | undefined => {
  const name = Object.hasOwn(given, plan) ? plan : DEFAULT_PLAN;
  const found = Object.hasOwn(given, name) ? given[name] : undefined;
  return found === undefined || (found.burst === undefined && !isCounted(found)) ? undefined : { name, plan: found };
};

/** A day or a month of UTC. */
export type Period = { readonly name: string; readonly beginsAt: number; readonly endsAt: number };

/** Those that were asked for last: requests come in one and the same for long. */
const latest = new Map<"day" | "month", Period>();

/** The period that a time is in. */
export const periodOf = (atMs: number, per: "day" | "month"): Period => {
  const known = latest.get(per);
  if (known !== undefined && atMs >= known.beginsAt && atMs < known.endsAt) return known;
  const period = findPeriod(atMs, per);
  latest.set(per, period);
  return period;
};

const findPeriod = (atMs: number, per: "day" | "month"): Period => {
  const at = new Date(atMs);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const isDay = per === "day";
  return {
    name: at.toISOString().slice(0, isDay ? 10 : 7),
    beginsAt: Date.UTC(year, month, isDay ? day : 1),
    endsAt: isDay ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1),
  };
};
