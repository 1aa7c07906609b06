const BUSY = 5;
/** What the file holds is no database, or no longer one. */
const BROKEN = new Set([11, 26]);

/** Whether SQLite has thrown that. */
export const isSqliteError = (error: unknown): boolean => (error as { readonly code?: unknown } | undefined)?.code === "ERR_SQLITE_ERROR";

const resultOf = (error: unknown): number => ((error as { readonly errcode?: number } | undefined)?.errcode ?? 0) % 256;

/** Whether another process has what was to be opened. The error is SQLite's, or caused by it. */
export const isHeld = (error: unknown): boolean => causes(error).some((one) => isSqliteError(one) && resultOf(one) === BUSY);

/** Whether the file must be made anew. The error is SQLite's, or caused by it. */
export const isBroken = (error: unknown): boolean => causes(error).some((one) => isSqliteError(one) && BROKEN.has(resultOf(one)));

const causes = (error: unknown): readonly unknown[] => [error, (error as Error | undefined)?.cause];
