import type { Principal } from "../identity/principal.ts";

/** Who reads, as far as the Worker knows: `subject` is undefined for somebody without credentials. */
export type RowReader = Pick<Principal, "subject" | "authtype" | "scopes" | "plan" | "claims">;

/** A read of one row. */
export type RowRead = { readonly caller: RowReader; readonly view: string; readonly key: string };

/**
 * Whether a caller may read a row. It is asked for each row, so it must be quick. What it refuses looks as if it were not there: a row is 404, and
 * a list leaves it out.
 */
export type MayReadRow = (read: RowRead) => boolean;
