import { ConfigurationError } from "../../../environment/environment.ts";
import { createBurstWindows, type TakeBurst } from "../../limits/burst-windows.ts";
import type { AddressOf } from "../../limits/caller-address.ts";
import type { EntryResult, Ledger } from "../../limits/ledger.ts";
import { createLimits, type Limits } from "../../limits/limits.ts";
import { checkPlans, isCounted, type Plans } from "../../limits/plans.ts";
import type { Bindings } from "./bindings.ts";
import { createCallBatcher } from "./call-batcher.ts";
import type { LedgerCall } from "./limits-object.ts";

/** Never changed: another number would look for the counts of most callers elsewhere. */
const OBJECTS = 16;

/** What an object may take to count a request before it counts as away. */
const PATIENCE_MS = 2_000;

/** What a call of an object takes at most, mostly. Those that gather meanwhile cost as much as one. */
const GATHER_MS = 50;

const bindingOf = (env: Bindings, name: string): unknown => (env as unknown as Record<string, unknown>)[name];
const isProduction = (env: Bindings): boolean => bindingOf(env, "ENVIRONMENT") === "production";
const burstBinding = (plan: string): string => `BURST_${plan.toUpperCase()}`;

/** Checks that all is there that plans need. @throws ConfigurationError with what is missing, and how to add it */
export const checkLimitBindings = (plans: Plans, env: Bindings): void => {
  checkPlans(plans);
  const problems = Object.entries(plans).flatMap(([name, plan]) => {
    const { burst, concurrent } = plan;
    const binding = burstBinding(name);
    return [
      ...(burst === undefined || bindingOf(env, binding) !== undefined || !isProduction(env)
        ? []
        : [
            `${binding} is not bound: add [[ratelimits]] to wrangler.toml, with name = "${binding}", a namespace_id of its own, and simple = { limit = ${burst.requests}, period = ${burst.seconds} }.`,
          ]),
      ...(concurrent === undefined || env.MAILBOX !== undefined
        ? []
        : [`plans.${name}.concurrent: Only a mailbox knows which requests have ended. Set REPLY_STORE to mailbox and bind MAILBOX.`]),
    ];
  });
  if (Object.values(plans).some(isCounted) && env.LIMITS === undefined)
    problems.push(
      "LIMITS is not bound: export Limits from the Worker's module, and add it to wrangler.toml as a Durable Object with the binding LIMITS and a migration with new_sqlite_classes.",
    );
  if (problems.length > 0) throw new ConfigurationError(problems);
};

type CloudflareLimitsOptions = {
  readonly plans: Plans;
  readonly env: Bindings;
  readonly addressOf: AddressOf;
  readonly locationHint?: DurableObjectLocationHint | undefined;
};

/**
 * Bursts by the rate-limit bindings, which count in each location, and in memory while one develops without; what must be exact in objects.
 */
export const cloudflareLimits = ({ plans, env, addressOf, locationHint }: CloudflareLimitsOptions): Limits => {
  const inMemory = createBurstWindows();
  const takeBurst: TakeBurst = async (plan, burst, caller) => {
    const binding = bindingOf(env, burstBinding(plan)) as RateLimit | undefined;
    if (binding === undefined) return inMemory(plan, burst, caller);
    const { success } = await binding.limit({ key: caller });
    return success ? { isAllowed: true } : { isAllowed: false, remaining: 0, resetSeconds: burst.seconds };
  };
  return createLimits({
    plans,
    takeBurst,
    ledger: objectLedger(env, locationHint),
    addressOf,
    logError: (message, error) => console.error(message, error),
  });
};

const objectOf = ({ caller }: LedgerCall["entry"]): number => Number.parseInt(caller, 16) % OBJECTS;

/** The ledgers in objects: the calls that an isolate makes at the same time go together. */
const objectLedger = ({ LIMITS: namespace }: Bindings, locationHint: DurableObjectLocationHint | undefined): Ledger => {
  const objectAt = (number: number) => {
    if (namespace === undefined) throw new Error("LIMITS is not bound.");
    const id = namespace.idFromName(`limits-${number}`);
    return namespace.get(id, locationHint === undefined ? {} : { locationHint });
  };
  const createBatcher = (number: number) =>
    createCallBatcher<LedgerCall, EntryResult | undefined>({
      callMany: (calls, report) => objectAt(number).calls(calls, report),
      sizeOf: ({ entry }) => entry.key.text.length,
      gatherMs: GATHER_MS,
    });
  const batchers = Array.from({ length: OBJECTS }, (_, number) => createBatcher(number));
  const call = (what: LedgerCall["what"], entry: LedgerCall["entry"]) => {
    const batcher = batchers[objectOf(entry)] as ReturnType<typeof createBatcher>;
    return batcher({ what, entry }, PATIENCE_MS);
  };
  return {
    enter: (entry) => call("enter", entry) as Promise<EntryResult>,
    async enterAll(entries) {
      const [first] = entries;
      if (first === undefined) return [];
      // Not with the calls of others: what comes first would go alone, and the rest as a second call.
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(new Error(`No answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      try {
        return await Promise.race([objectAt(objectOf(first)).enterAll(entries), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    async takeBack(entry) {
      await call("take back", entry);
    },
  };
};
