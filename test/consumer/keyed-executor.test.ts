import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyedExecutor, type StartedTask, type Turn } from "../../consumer/keyed-executor.ts";

/** Work of some turns, each of which may have its result before it ends. */
type Work = { readonly key: string | undefined; readonly turns: number; readonly resultFirst: boolean };

const works = fc.array(
  fc.record<Work>({
    key: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    turns: fc.integer({ min: 1, max: 3 }),
    resultFirst: fc.boolean(),
  }),
  { maxLength: 30 },
);

/** A turn that runs, or a pause between two turns, and what ends it. */
type Step = { readonly index: number; readonly isTurn: boolean; readonly end: () => void };

/** Runs work by an executor, and ends turns and pauses in an order that the test chooses; what was seen is checked at each step. */
const simulate = async (concurrency: number, given: readonly Work[], nextToEnd: (steps: number) => number) => {
  const executor = createKeyedExecutor({ concurrency });
  const steps: Step[] = [];
  const begun: number[] = [];
  const step = (index: number, isTurn: boolean): Promise<void> => {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    steps.push({ index, isTurn, end });
    return promise;
  };
  const results = given.map(({ key, turns, resultFirst }, index) =>
    executor.run(key, async (turn) => {
      for (let count = 1; ; count += 1) {
        await turn(() => {
          if (count === 1) begun.push(index);
          const ended = step(index, true);
          // A turn that another one follows has ended with its result.
          return { result: resultFirst && count === turns ? Promise.resolve() : ended, ended };
        });
        if (count === turns) return index;
        await step(index, false);
      }
    }),
  );
  while (steps.length > 0) {
    const running = steps.filter(({ isTurn }) => isTurn);
    expect(running.length).toBeLessThanOrEqual(concurrency);
    const keys = steps.flatMap(({ index }) => given[index]?.key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(isBusyEnough(given, begun, steps, concurrency)).toBe(true);
    steps.splice(nextToEnd(steps.length), 1)[0]?.end();
    await pass();
  }
  expect(await Promise.all(results)).toEqual(given.map((_, index) => index));
  return begun;
};

/** Whether every place is taken, or all work that has not begun waits for some of its key. Work that pauses takes no place. */
const isBusyEnough = (given: readonly Work[], begun: readonly number[], steps: readonly Step[], concurrency: number) => {
  const busy = new Set(steps.map(({ index }) => given[index]?.key));
  const couldBegin = given.filter(({ key }, index) => !begun.includes(index) && (key === undefined || !busy.has(key)));
  return steps.filter(({ isTurn }) => isTurn).length === concurrency || couldBegin.length === 0;
};

/** Promises that are already resolved have had their say. */
const pass = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work of one turn. */
const once =
  <T>(start: () => StartedTask<T>) =>
  (turn: Turn): Promise<T> =>
    turn(start);

test("work of a key runs in order and never two at once, whatever ends first and however often it pauses, and no place stays free in vain", async () => {
  await fc.assert(
    fc.asyncProperty(works, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat()), async (given, concurrency, choices) => {
      const begun = await simulate(concurrency, given, (steps) => (choices.next().value as number) % steps);
      for (const key of ["a", "b", "c"]) {
        const ofKey = begun.filter((index) => given[index]?.key === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
    }),
  );
});

test("a key stays busy until its task has really ended, though the result is known", async () => {
  const executor = createKeyedExecutor({ concurrency: 2 });
  const slow = Promise.withResolvers<void>();
  expect(
    await executor.run(
      "a",
      once(() => ({ result: Promise.resolve("at the deadline"), ended: slow.promise })),
    ),
  ).toBe("at the deadline");
  let second = false;
  const next = executor.run(
    "a",
    once(() => ({ result: Promise.resolve((second = true)), ended: Promise.resolve() })),
  );
  expect(
    await executor.run(
      "b",
      once(() => ({ result: Promise.resolve("other"), ended: Promise.resolve() })),
    ),
  ).toBe("other");
  expect(second).toBe(false);
  slow.resolve();
  expect(await next).toBe(true);
});

test("a task that fails frees its key and its place", async () => {
  const executor = createKeyedExecutor({ concurrency: 1 });
  const thrown = executor.run(
    "a",
    once(() => {
      throw new Error("at once");
    }),
  );
  const rejected = executor.run(
    "a",
    once(() => ({ result: Promise.reject(new Error("later")), ended: Promise.reject(new Error("later")) })),
  );
  await expect(thrown).rejects.toThrow("at once");
  await expect(rejected).rejects.toThrow("later");
  expect(
    await executor.run(
      "a",
      once(() => ({ result: Promise.resolve(1), ended: Promise.resolve() })),
    ),
  ).toBe(1);
});
