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

/** Rows as they are now, as far as they are known, beside the file. Whoever keeps it for several transactions must be the only one who writes. */
export type KnownRows = { readonly rows: Map<string, string | undefined>; characters: number };

export const noRows = (): KnownRows => ({ rows: new Map(), characters: 0 });

/** Rows in memory, in number and in characters. A commit may have many. */
const MAX_ROWS = 5_000;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Of a row that changes several times, only the last change is written. */
export const createRowWriter = (fold: ViewFold, table: RowTable, known: KnownRows = noRows()): RowWriter => {
  const from = table.next();
  const changed = new Map<string, number>();
  let written = 0;

  const remember = (key: string, text: string | undefined): void => {
    known.rows.set(key, text);
    known.characters += text?.length ?? 0;
  };

  const rowOf = (key: string): string | undefined => {
    if (known.rows.has(key)) return known.rows.get(key);
    const text = table.read(key);
    remember(key, text);
    return text;
  };

  const write = (): void => {
    for (const [key, offset] of changed) table.write({ key, offset, text: known.rows.get(key) ?? null });
    written += changed.size;
    changed.clear();
    if (known.rows.size <= MAX_ROWS && known.characters <= MAX_CHARACTERS) return;
    known.rows.clear();
    known.characters = 0;
  };

  return {
    add(counted) {
      if (counted.offset < from) return;
      for (const [key, text] of fold.changes(counted, rowOf)) {
        remember(key, text ?? undefined);
        changed.set(key, counted.offset);
      }
      if (changed.size > MAX_ROWS || known.characters > MAX_CHARACTERS) write();
    },
    end(next) {
      write();
      if (next > from) table.setNext(next);
      return written;
    },
  };
};
