import { expect, test } from "vitest";
import { duringLifetimes, startTogether } from "../../bench/lifetime.ts";

/** Things that note when they are removed. */
const createThings = () => {
  const removed: string[] = [];
  return { removed, start: async (name: string) => ({ name, remove: async () => void removed.push(name) }) };
};

test("what is started together is there in its order, and stays", async () => {
  const { start, removed } = createThings();
  const [a, b] = await startTogether([start("a"), start("b")]);
  expect([a.name, b.name, removed]).toEqual(["a", "b", []]);
});

test("where one thing cannot be started, nothing is left of the others", async () => {
  const { start, removed } = createThings();
  const later = new Promise((resolve) => setTimeout(resolve)).then(() => start("later"));
  await expect(startTogether([start("a"), Promise.reject(new Error("no port")), later])).rejects.toThrow("no port");
  expect(removed).toEqual(["a", "later"]);
});

test("several things that were started are removed however the run with them ends", async () => {
  const { start, removed } = createThings();
  const named = ([a, b]: readonly [{ name: string }, { name: string }]) => a.name + b.name;
  expect(await duringLifetimes([start("a"), start("b")], async (both) => named(both) + removed.length)).toBe("ab0");
  expect(removed).toEqual(["a", "b"]);
  const failing = duringLifetimes([start("c"), start("d")], async () => Promise.reject(new Error("no answer")));
  await expect(failing).rejects.toThrow("no answer");
  expect(removed).toEqual(["a", "b", "c", "d"]);
});
