import { lettersOf } from "./confirmation.tsx";
import { StatusLink } from "./letter-details.tsx";
import type { LetterAction, LetterResult } from "./letters.ts";

/** What has been done so far. */
export type Outcome = {
  readonly action: LetterAction;
  /** How many letters were meant. */
  readonly total: number;
  readonly results: readonly LetterResult[];
  /** Why it went no further. */
  readonly failure?: string;
};

/** So many are named. */
const MAX_NAMED = 10;

/** What became of the letters that were redriven or dropped. */
export const OutcomeView = ({ outcome: { action, total, results, failure } }: { readonly outcome: Outcome }) => {
  const done = results.filter((result) => result.action === "redriven" || result.action === "dropped");
  const not = results.filter((result) => result.action === "refused");
  const gone = results.length - done.length - not.length;
  const isGoingOn = failure === undefined && results.length < total;
  const sentence = [
    `${lettersOf(done.length)} ${action === "redrive" ? "redriven" : "dropped"}`,
    ...(isGoingOn ? [`of ${total}`] : []),
    ...(not.length > 0 ? [`${not.length} not`] : []),
    ...(gone > 0 ? [`${gone} settled before`] : []),
  ].join(", ");
  const sent = done.flatMap(({ correlationId }) => correlationId ?? []);
  return (
    <div class="outcome">
      <p role="status">
        {sentence}
        {isGoingOn ? " …" : "."}
      </p>
      {failure !== undefined && (
        <p role="alert" class="problem">
          {failure} Nothing more was done.
        </p>
      )}
      {not.length > 0 && (
        <ul class="problem">
          {not.slice(0, MAX_NAMED).map(({ letter, obstacle, problem }) => (
            <li key={letter}>
              <code>{letter}</code> {obstacle ?? problem?.detail ?? problem?.title}
            </li>
          ))}
        </ul>
      )}
      {sent.length > 0 && (
        <p class="hint">
          Sent as{" "}
          {sent.slice(0, MAX_NAMED).map((correlationId, index) => (
            <span key={correlationId}>
              {index > 0 && ", "}
              <StatusLink correlationId={correlationId} />
            </span>
          ))}
          {sent.length > MAX_NAMED && " …"}
        </p>
      )}
    </div>
  );
};
