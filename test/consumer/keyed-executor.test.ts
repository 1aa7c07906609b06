import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyedExecutor } from "../../consumer/keyed-executor.ts";

type Task = { readonly key: string | undefined; readonly resultFirst: boolean };

const tasks = fc.array(fc.record<Task>({ key: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }), resultFirst: fc.boolean() }), {
  maxLength: 40,
});

/** Runs tasks by an executor and ends them in an order that the test chooses; what was seen is checked at each step. */
const simulate = async (concurrency: number, given: readonly Task[], nextToEnd: (running: number) => number) => {
  const executor = createKeyedExecutor({ concurrency });
  const running: { readonly index: number; readonly end: () => void }[] = [];
  const started: number[] = [];
  const results = given.map(({ key, resultFirst }, index) =>
    executor.run(key, () => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      running.push({ index, end });
      started.push(index);
      return { result: resultFirst ? Promise.resolve(index) : ended.then(() => index), ended };
    }),
  );
  while (running.length > 0) {
    expect(running.length).toBeLessThanOrEqual(concurrency);
    const keys = running.flatMap(({ index }) => given[index]?.key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(isBusyEnough(given, started, running, concurrency)).toBe(true);
    running.splice(nextToEnd(running.length), 1)[0]?.end();
    await pass();
  }
  expect(await Promise.all(results)).toEqual(given.map((_, index) => index));
  return started;
};

/** Whether every place is taken, or every task that has not started waits for one of its key. */
const isBusyEnough = (given: readonly Task[], started: readonly number[], running: readonly { index: number }[], concurrency: number) => {
  const busy = new Set(running.map(({ index }) => given[index]?.key));
  const couldStart = given.filter(({ key }, index) => !started.includes(index) && (key === undefined || !busy.has(key)));
  return running.length === concurrency || couldStart.length === 0;
};

/** Promises that are already resolved have had their say. */
const pass = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("tasks of a key run in order and never two at once, whatever ends first, and no place stays free in vain", async () => {
  await fc.assert(
    fc.asyncProperty(tasks, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat()), async (given, concurrency, choices) => {
      const started = await simulate(concurrency, given, (running) => (choices.next().value as number) % running);
      for (const key of ["a", "b", "c"]) {
        const ofKey = started.filter((index) => given[index]?.key === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
    }),
  );
});

test("a key stays busy until its task has really ended, though the result is known", async () => {
  const executor = createKeyedExecutor({ concurrency: 2 });
  const slow = Promise.withResolvers<void>();
  expect(await executor.run("a", () => ({ result: Promise.resolve("at the deadline"), ended: slow.promise }))).toBe("at the deadline");
  let second = false;
  const next = executor.run("a", () => ({ result: Promise.resolve((second = true)), ended: Promise.resolve() }));
  expect(await executor.run("b", () => ({ result: Promise.resolve("other"), ended: Promise.resolve() }))).toBe("other");
  expect(second).toBe(false);
  slow.resolve();
  expect(await next).toBe(true);
});

test("a task that fails frees its key and its place", async () => {
  const executor = createKeyedExecutor({ concurrency: 1 });
  const thrown = executor.run("a", () => {
    throw new Error("at once");
  });
  const rejected = executor.run("a", () => ({ result: Promise.reject(new Error("later")), ended: Promise.reject(new Error("later")) }));
  await expect(thrown).rejects.toThrow("at once");
  await expect(rejected).rejects.toThrow("later");
  expect(await executor.run("a", () => ({ result: Promise.resolve(1), ended: Promise.resolve() }))).toBe(1);
});
