import type { CountedCommit } from "../aggregates/projector.ts";
import type { RowTable } from "./row-table.ts";
import type { ViewFold } from "./view-fold.ts";

/** Folds commits into the rows of one table, within one transaction. */
export type RowWriter = {
  /** Folds a commit, unless the table has it. @throws ViewError, and then nothing of the commit is taken */
  add(counted: CountedCommit): void;
  /** Writes what was folded: the table has all commits before `next`. @returns how many rows changed */
  end(next: number): number;
};

/** Rows that wait in memory, in number and in characters. A commit may have many. */
const MAX_ROWS = 2_000;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Of a row that changes several times, only the last change is written. */
export const createRowWriter = (fold: ViewFold, table: RowTable): RowWriter => {
  const from = table.next();
  /** What the rows are now, as far as it is known. */
  const known = new Map<string, string | undefined>();
  const changed = new Map<string, number>();
  let characters = 0;
  let written = 0;

  const rowOf = (key: string): string | undefined => {
    if (known.has(key)) return known.get(key);
    const text = table.read(key);
    known.set(key, text);
    characters += text?.length ?? 0;
    return text;
  };

  const write = (): void => {
    for (const [key, offset] of changed) table.write({ key, offset, text: known.get(key) ?? null });
    written += changed.size;
    changed.clear();
    known.clear();
    characters = 0;
  };

  return {
    add(counted) {
      if (counted.offset < from) return;
      for (const [key, text] of fold.changes(counted, rowOf)) {
        known.set(key, text ?? undefined);
        changed.set(key, counted.offset);
        characters += text?.length ?? 0;
      }
      if (known.size > MAX_ROWS || characters > MAX_CHARACTERS) write();
    },
    end(next) {
      write();
      if (next > from) table.setNext(next);
      return written;
    },
  };
};
