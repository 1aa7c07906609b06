import { expect, test } from "vitest";
import { startTogether } from "../../bench/processes.ts";

/** Things that note when they are disposed of. */
const createThings = () => {
  const gone: string[] = [];
  return { gone, start: async (name: string) => ({ name, [Symbol.asyncDispose]: async () => void gone.push(name) }) };
};

test("what is started together is there in its order, and gone together", async () => {
  const { start, gone } = createThings();
  {
    await using together = await startTogether([start("a"), start("b")]);
    expect([together.started.map(({ name }) => name), gone]).toEqual([["a", "b"], []]);
  }
  expect(gone).toEqual(["a", "b"]);
});

test("where one thing cannot be started, nothing is left of the others", async () => {
  const { start, gone } = createThings();
  const later = new Promise((resolve) => setTimeout(resolve)).then(() => start("later"));
  await expect(startTogether([start("a"), Promise.reject(new Error("no port")), later])).rejects.toThrow("no port");
  expect(gone).toEqual(["a", "later"]);
});
