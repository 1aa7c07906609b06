import type { Plans } from "../../../worker/define-worker.ts";

/** The plan of the callers whose requests are counted. */
export const COUNTED_PLAN = "counted";

/** Those of the application that is measured. Who has no plan has no limits. Nobody reaches those of the plan that there is. */
export const PLANS: Plans = {
  [COUNTED_PLAN]: { burst: { requests: 10_000, seconds: 10 }, quota: { requests: 1_000_000_000, per: "month" }, concurrent: 1_000 },
};
