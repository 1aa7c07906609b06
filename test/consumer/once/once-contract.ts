import { randomUUID } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import type { OnceStore, Step } from "../../../consumer/once/store.ts";

/** A step of a request of its own, which can be asked for in an hour still. */
export const newStep = (overrides: Partial<Step> = {}): Step => ({
  correlationId: randomUUID(),
  name: "debit",
  expiresAt: Date.now() + 3_600_000,
  ...overrides,
});

/** Opens a store; one that is opened again, also by another process, has the results of the one before. */
export type OpenOnceStore = () => Promise<OnceStore>;

/** What every store of results does. `prepare` is called once a test. */
export const testOnceStore = (name: string, prepare: () => Promise<OpenOnceStore>): void => {
  describe(`the results of steps in ${name}`, () => {
    test("a step runs once, and from then on its result is there without it", async () => {
      const store = await (await prepare())();
      const step = newStep();
      const run = vi.fn(async () => '{"balance":5}');
      expect(await store.once(step, run)).toBe('{"balance":5}');
      expect(await store.once(step, run)).toBe('{"balance":5}');
      expect(run).toHaveBeenCalledOnce();
      await store.close();
    });

    test("a process that comes after knows the results of the one before", async () => {
      const open = await prepare();
      const step = newStep();
      const before = await open();
      await before.once(step, async () => "1");
      await before.close();
      const after = await open();
      expect(await after.once(step, async () => "2")).toBe("1");
      await after.close();
    });

    test("steps of other names and other requests run for themselves", async () => {
      const store = await (await prepare())();
      const step = newStep();
      const others = [step, { ...step, name: "credit" }, newStep(), newStep({ correlationId: `${step.correlationId}-` })];
      expect(await Promise.all(others.map((other, index) => store.once(other, async () => String(index))))).toEqual(["0", "1", "2", "3"]);
      await store.close();
    });

    test("a step that fails fails as it did, records nothing, and may be done again", async () => {
      const store = await (await prepare())();
      const step = newStep();
      const failure = new Error("the account is closed");
      await expect(store.once(step, () => Promise.reject(failure))).rejects.toBe(failure);
      expect(await store.once(step, async () => "1")).toBe("1");
      await store.close();
    });

    test("a step that is asked for twice at once runs once, and both get its result", async () => {
      const store = await (await prepare())();
      const step = newStep();
      const run = vi.fn(async () => "1");
      expect(await Promise.all([store.once(step, run), store.once(step, run)])).toEqual(["1", "1"]);
      expect(run).toHaveBeenCalledOnce();
      await store.close();
    });

    test("a hundred steps at once each have their own result", async () => {
      const open = await prepare();
      const steps = Array.from({ length: 100 }, () => newStep());
      const store = await open();
      await Promise.all(steps.map((step, index) => store.once(step, async () => String(index))));
      await store.close();
      const after = await open();
      const again = await Promise.all(steps.map((step) => after.once(step, async () => "again")));
      expect(again).toEqual(steps.map((_, index) => String(index)));
      await after.close();
    });

    test("a result keeps every character", async () => {
      const open = await prepare();
      const step = newStep({ name: "débit 💶 '\"\\%" });
      const result = JSON.stringify("zero \u0000, half \ud83d, quotes '\", 💶".repeat(1_000));
      const store = await open();
      await store.once(step, async () => result);
      await store.close();
      const after = await open();
      expect(await after.once(step, async () => "")).toBe(result);
      await after.close();
    });

    test("what nobody can ask for any more is removed, and nothing else", async () => {
      const open = await prepare();
      const [expired, alive] = [newStep({ expiresAt: Date.now() - 1 }), newStep()];
      const store = await open();
      await store.once(alive, async () => "1");
      await store.close();
      const next = await open();
      await next.once(expired, async () => "1");
      await next.close();
      const last = await open();
      expect(await last.once(alive, async () => "2")).toBe("1");
      expect(await last.once(expired, async () => "2")).toBe("2");
      await last.close();
    });
  });
};
