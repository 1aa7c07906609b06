/** How many letters a misspelt name may differ in. */
const MOST_EDITS = 3;

/** The names that come nearest to what somebody wrote, the nearest first: at most three, and none that is nothing like it. */
export const nearestOf = (written: string, names: readonly string[]): readonly string[] =>
  names
    .map((name) => ({ name, distance: name.startsWith(written) && written !== "" ? 0 : editsBetween(written, name) }))
    .filter(({ name, distance }) => distance <= Math.min(MOST_EDITS, Math.floor(name.length / 2)))
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, 3)
    .map(({ name }) => name);

/** Levenshtein's distance: the fewest letters to insert, remove or replace. */
const editsBetween = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries())
      next.push(Math.min((next[column] ?? 0) + 1, (row[column + 1] ?? 0) + 1, (row[column] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
};
