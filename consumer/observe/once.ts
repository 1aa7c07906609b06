import type { OnceStore } from "../once/store.ts";
import type { ConsumerObserver } from "./observer.ts";

/** Has an observer told of each step whether it ran, or its result was known. */
export const observeOnce = <Given extends readonly unknown[]>(
  store: OnceStore<Given>,
  observer: Pick<ConsumerObserver, "stepped">,
): OnceStore<Given> => ({
  ...store,
  async once(step, run) {
    let hasRun = false;
    const result = await store.once(step, (...given) => {
      hasRun = true;
      return run(...given);
    });
    observer.stepped(hasRun ? "run" : "known");
    return result;
  },
});
