import { expect, test } from "vitest";
import { observeOnce } from "../../../consumer/observe/once.ts";
import type { OnceStore } from "../../../consumer/once/store.ts";

/** Keeps results in memory. */
const createStore = (): OnceStore => {
  const results = new Map<string, string>();
  return {
    name: "memory",
    async once({ name }, run) {
      const result = results.get(name) ?? (await run());
      results.set(name, result);
      return result;
    },
    close: async () => {},
  };
};

test("a step is counted as run, then as known, and not at all if it fails", async () => {
  const outcomes: string[] = [];
  const store = observeOnce(createStore(), { stepped: (outcome) => void outcomes.push(outcome) });
  const step = (name: string) => ({ correlationId: "x", name, expiresAt: 0 });
  expect(await store.once(step("charge"), async () => "1")).toBe("1");
  expect(await store.once(step("charge"), async () => "2")).toBe("1");
  await expect(store.once(step("fail"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(outcomes).toEqual(["run", "known"]);
});
