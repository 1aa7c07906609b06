import { GatewayError } from "./gateway-error.ts";

/** A limited amount of something that all calls share. */
export type Budget = {
  left(): number;
  used(): number;
  /** @throws GatewayError 503 if there is not enough left */
  take(amount: number): void;
  /** Takes more than is left if need be, for what is already in memory. */
  hold(amount: number): void;
  give(amount: number): void;
};

/** @param shortage the message of the error when there is not enough */
export const createBudget = (whole: number, shortage: string): Budget => {
  let used = 0;
  return {
    left: () => whole - used,
    used: () => used,
    take(amount) {
      if (used + amount > whole) throw new GatewayError(503, `${shortage} Try again a little later.`, { retryAfterSeconds: 1 });
      used += amount;
    },
    hold(amount) {
      used += amount;
    },
    give(amount) {
      used -= amount;
    },
  };
};

/** What all calls together may hold. */
export type Budgets = {
  /** Calls that may wait for records. */
  readonly waits: Budget;
  /** All other calls. Calls that wait never take the slots of the produces that they wait for. */
  readonly calls: Budget;
  /** Bytes of the bodies of calls that are not answered yet. */
  readonly bodies: Budget;
  /** Bytes of records that are on their way to clients. */
  readonly responses: Budget;
};

export type BudgetSizes = { readonly waits: number; readonly calls: number; readonly bodyBytes: number; readonly responseBytes: number };

/** A call holds a few kilobytes, so ten thousand calls hold less than the bodies. */
export const DEFAULT_BUDGETS: BudgetSizes = { waits: 10_000, calls: 10_000, bodyBytes: 64 * 1024 * 1024, responseBytes: 64 * 1024 * 1024 };

export const createBudgets = ({ waits, calls, bodyBytes, responseBytes }: BudgetSizes): Budgets => ({
  waits: createBudget(waits, "Too many calls are waiting at the gateway."),
  calls: createBudget(calls, "The gateway is serving too many calls."),
  bodies: createBudget(bodyBytes, "The gateway is holding too many records."),
  responses: createBudget(responseBytes, "The gateway is holding too many responses for slow clients."),
});
