import type { OnceStore, Step } from "../../../consumer/once/store.ts";

/** A store in memory, and what it was asked for and has. */
export const createMemoryStore = () => {
  const results = new Map<string, string>();
  const steps: Step[] = [];
  const store: OnceStore = {
    name: "memory",
    async once(step, run) {
      steps.push(step);
      const key = JSON.stringify([step.correlationId, step.name]);
      const result = results.get(key) ?? (await run());
      results.set(key, result);
      return result;
    },
    close: async () => {},
  };
  return { store, steps, results };
};
