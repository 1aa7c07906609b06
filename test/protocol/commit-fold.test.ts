import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCommitFold, isNextCommit } from "../../protocol/commit-fold.ts";
import { type Command, finish, initialWorld, type Rule, runStep, SCRIPT, type World } from "./commit-model.ts";

const link = (commit: string, after: string, key = "ada") => ({ key, commit, after });

describe("a commit counts", () => {
  test("if it was decided on the last one of its key, whatever other keys do", () => {
    const fold = createCommitFold();
    expect([fold.add(link("a", "")), fold.add(link("x", "", "bob")), fold.add(link("b", "a"))]).toEqual([true, true, true]);
    expect([fold.lastOf("ada"), fold.lastOf("bob"), fold.lastOf("eve")]).toEqual(["b", "x", ""]);
  });

  test("once: its repeat is void, at once and later", () => {
    const fold = createCommitFold();
    const added = [link("a", ""), link("a", ""), link("b", "a"), link("a", ""), link("b", "a")].map(fold.add);
    expect(added).toEqual([true, false, true, false, false]);
    expect(fold.counts).toEqual({ accepted: 2, void: 3 });
  });

  test("not if it was decided on a void one, however its writer went on", () => {
    const fold = createCommitFold();
    fold.add(link("d", ""));
    // A writer that was thought dead appends first; the other had two commits on their way.
    expect([link("zombie", "d"), link("e", "d"), link("f", "e")].map(fold.add)).toEqual([true, false, false]);
  });
});

/** What holds in the log when every command has been answered. */
const expectTruth = (world: World, commands: readonly Command[], rule: Rule): void => {
  const { accepted, effects, balances } = finish(world, commands, rule);
  // Each commit that counts was decided on the state that really was.
  expect(accepted.filter(({ decidedOn, truth }) => decidedOn !== truth)).toEqual([]);
  // Each command took effect once.
  expect([...effects].toSorted()).toEqual(commands.map(({ id }) => id).toSorted());
  for (const { a, b } of balances) {
    expect(a + b).toBe(200);
    expect(Math.min(a, b)).toBeGreaterThanOrEqual(0);
  }
  if (rule === "after") expectReadersToAgree(world);
};

/** Who reads one key only, and who keeps nothing between two records but the last commit of each key, find the same chain. */
const expectReadersToAgree = ({ log }: World): void => {
  const whole = createCommitFold();
  const counted = log.filter(whole.add);
  const kept: Record<string, string> = {};
  const resumed = log.filter((record) => {
    const counts = isNextCommit(kept[record.key] ?? "", record);
    if (counts) kept[record.key] = record.commit;
    return counts;
  });
  expect(resumed).toEqual(counted);
  for (const key of ["x", "y"]) {
    const ofKey = (record: { readonly key: string }): boolean => record.key === key;
    expect(log.filter(ofKey).filter(createCommitFold().add)).toEqual(counted.filter(ofKey));
  }
};

const property = (rule: Rule) =>
  fc.property(SCRIPT, ({ commands, steps }) => {
    const world = initialWorld(3);
    for (const step of steps) runStep(world, commands, step, rule);
    expectTruth(world, commands, rule);
  });

describe("writers that pipeline, wait, repeat, come back from the dead, and crash between append and commit", () => {
  test("make one chain for all readers; each command has one effect, and no money is made or lost", () => {
    fc.assert(property("after"), { numRuns: 1_000 });
  });

  test("break all that if commits count by their version number: the model can fail", () => {
    expect(fc.check(property("version"), { numRuns: 5_000 }).failed).toBe(true);
  });
});
