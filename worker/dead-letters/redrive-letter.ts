import type { Problem } from "../../protocol/problem.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import type { Letter } from "./letter.ts";
import type { DeadLetterLog } from "./log.ts";
import { sendOneWayAgain } from "./one-way-redrive.ts";
import { settleLetter } from "./settle.ts";

/** What the Worker made of a request that was to be sent again. */
export type Redriven =
  /** Sent, now or before, under this ID: its own, or a new one because its deadline had passed. */
  | { readonly outcome: "redriven"; readonly correlationId: string; readonly before: boolean }
  | { readonly outcome: "refused"; readonly problem: Problem };

/** Has the Worker send a request again. Rejects if that cannot be done now. */
export type Redrive = (request: RequestEvent) => Promise<Redriven>;

/** What it means for a dead letter that the Worker refused to send its request again; undefined if that may pass. */
export const readRefusal = (problem: Problem, correlationId: string): Redriven | undefined => {
  const { code, redrivenAs, state } = problem;
  if (code === "ALREADY_REDRIVEN" && typeof redrivenAs === "string")
    return { outcome: "redriven", correlationId: redrivenAs, before: true };
  // It has died, and yet it has succeeded.
  if (code === "ALREADY_ENDED" && state === "succeeded") return { outcome: "redriven", correlationId, before: true };
  return problem["retryable"] === true ? undefined : { outcome: "refused", problem };
};

/** What became of one letter. */
export type RedrivenLetter =
  | { readonly action: "redriven"; readonly correlationId: string; readonly before: boolean; readonly isSame: boolean }
  | { readonly action: "refused"; readonly obstacle: string }
  | { readonly action: "refused"; readonly problem: Problem };

type RedriveLetterOptions = {
  readonly redrive: Redrive;
  readonly log: Pick<DeadLetterLog, "append">;
  /** Told if a request was sent again, and its letter could not be settled: it will be listed again. */
  readonly onUnsettled?: (correlationId: string) => void;
};

/**
 * Has the Worker send a letter's request again, or sends it itself if nobody waits for its reply, and settles the letter. A crash after the Worker has sent the request leaves a letter that looks
 * as if nothing had been done. The Worker remembers what it sent in the place of which request, so the next call only settles the letter.
 * @throws LogError, and whatever `redrive` rejects with
 */
export const redriveLetter = async (
  { record, request, obstacle = "" }: Letter,
  { redrive, log, onUnsettled }: RedriveLetterOptions,
): Promise<RedrivenLetter> => {
  if (request === undefined) return { action: "refused", obstacle };
  const result = request.isOneWay === true ? await sendOneWayAgain(record, request, log) : await redrive(request);
  if (result.outcome === "refused") return { action: "refused", problem: result.problem };
  const { correlationId, before } = result;
  await settleLetter(log, record, { action: "redriven", correlationId }).catch((error: unknown) => {
    onUnsettled?.(correlationId);
    throw error;
  });
  return { action: "redriven", correlationId, before, isSame: correlationId === request.correlationId };
};
