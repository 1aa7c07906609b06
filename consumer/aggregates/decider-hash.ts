import { createHash } from "node:crypto";
import { createEventReaders } from "../../contract/aggregate.ts";
import type { AnyDecider } from "../deciders/decider.ts";

/**
 * Tells one version of a decider from another, as far as the state depends on it: the schemas of its events, and the sources of `initial`, `evolve` and
 * `upcast`. What these call in other modules is not in it.
 * @param name of the aggregate in its contract
 */
export const deciderHashOf = (name: string, { aggregate, initial, evolve }: AnyDecider): string => {
  const functions = evolve as Readonly<Record<string, unknown>>;
  const events = [...createEventReaders(name, aggregate)]
    .map(([event, { dataschema, upcast }]) => [event, dataschema, String(upcast), String(functions[event])])
    .toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([initial, events]))
    .digest("hex")
    .slice(0, 32);
};
