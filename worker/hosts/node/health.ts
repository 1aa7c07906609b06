import type { MailboxDatabase } from "./database.ts";

/** How often the disk is tried at most, however often somebody asks. */
const PROBE_MS = 1_000;

/** Tells why the Worker cannot keep replies, in a sentence, or nothing if it can. @param nowMs a clock that is never set */
export const createHealth = (storage: Pick<MailboxDatabase, "probe">, nowMs = (): number => performance.now()) => {
  let probedAt = Number.NEGATIVE_INFINITY;
  let problem: string | undefined;
  return (): string | undefined => {
    if (nowMs() - probedAt < PROBE_MS) return problem;
    probedAt = nowMs();
    const failure = storage.probe();
    problem = failure === undefined ? undefined : `Replies cannot be written to the disk: ${(failure as Error).message}.`;
    return problem;
  };
};
