import { expect, test } from "vitest";
import { hideSqliteWarning } from "../../cli/sqlite-warning.ts";

test("of all warnings only Node's about SQLite is hidden", () => {
  const shown: unknown[][] = [];
  const platform = { emitWarning: (...warning: readonly unknown[]): void => void shown.push([...warning]) };
  hideSqliteWarning(platform);
  platform.emitWarning("SQLite is an experimental feature and might change at any time", "ExperimentalWarning");
  platform.emitWarning("glob is an experimental feature and might change at any time", "ExperimentalWarning");
  platform.emitWarning(new Error("something else"));
  expect(shown).toEqual([
    ["glob is an experimental feature and might change at any time", "ExperimentalWarning"],
    [new Error("something else")],
  ]);
});
