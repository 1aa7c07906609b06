import { expect, test } from "vitest";
import { startTogether } from "../../bench/lifetime.ts";

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
