import { describe, expect, test } from "vitest";
import { type SettledCall, settleTogether } from "../../../../worker/hosts/cloudflare/settled-calls.ts";

/** Calls that end when the test says so. */
const heldCalls = (count: number) => {
  const held = Array.from({ length: count }, () => Promise.withResolvers<string>());
  const early: (readonly SettledCall<string>[])[] = [];
  const calls = held.map(async ({ promise }) => `${await promise}!`);
  const end = settleTogether(calls, (ended) => void early.push(ended));
  return { held, early, end };
};
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
const values = (ended: readonly SettledCall<string>[]) =>
  ended.map((end) => [end.index, end.status === "fulfilled" ? end.value : end.status]);

describe("calls that were made as one", () => {
  test("a single one ends with the result, and nothing is told early", async () => {
    const { held, early, end } = heldCalls(1);
    held[0]?.resolve("a");
    expect(values(await end)).toEqual([[0, "a!"]]);
    expect(early).toEqual([]);
  });

  test("those that end in one go are told together, before the last ones", async () => {
    const { held, early, end } = heldCalls(5);
    for (const index of [3, 1]) held[index]?.resolve(String(index));
    await settled();
    expect(early.map(values)).toEqual([
      [
        [3, "3!"],
        [1, "1!"],
      ],
    ]);
    for (const index of [0, 2, 4]) held[index]?.resolve(String(index));
    expect(values(await end)).toEqual([
      [0, "0!"],
      [2, "2!"],
      [4, "4!"],
    ]);
    expect(early).toHaveLength(1);
  });

  test("one that fails is told as failed, and takes no other with it", async () => {
    const { held, end } = heldCalls(2);
    held[0]?.reject(new Error("unreadable"));
    held[1]?.resolve("b");
    expect(values(await end)).toEqual([
      [0, "rejected"],
      [1, "b!"],
    ]);
  });

  test("the last are told even if whoever is told early has gone away", async () => {
    const held = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
    const end = settleTogether(
      held.map(({ promise }) => promise),
      () => Promise.reject(new Error("gone")),
    );
    held[0].resolve("a");
    await settled();
    held[1].resolve("b");
    expect(values(await end)).toEqual([[1, "b"]]);
  });
});
