import { useEffect, useState } from "preact/hooks";
import { CopyButton } from "../views/copy-button.tsx";
import type { Letter, LetterAction, Letters, WholeLetter } from "./letters.ts";

type LetterDetailsProps = {
  readonly letter: Letter;
  readonly letters: Letters;
  readonly onAct: (action: LetterAction) => void;
};

/** A dead letter with its reason, its payload and its headers. */
export const LetterDetails = ({ letter, letters, onAct }: LetterDetailsProps) => {
  const [whole, setWhole] = useState<WholeLetter>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    letters.show(letter.letter).then(setWhole, (error: Error) => setFailure(error.message));
  }, [letter.letter]);
  const { code, reason, attempts = 0, obstacle, settlement, correlationId, origin } = letter;
  return (
    <div class="letter-details">
      <p class="problem">
        {reason ?? "It does not say what was wrong."}{" "}
        <span class="code">
          {code !== undefined && <code>{code}</code>}
          {attempts > 1 && ` after ${attempts} attempts`}
        </span>
      </p>
      {obstacle !== undefined && <p class="notice">It cannot be sent again. {obstacle}</p>}
      {settlement !== undefined && (
        <p class="notice">
          It was {settlement.action} at {new Date(settlement.at).toLocaleString()}
          {settlement.correlationId !== undefined && (
            <>
              {" "}
              as <StatusLink correlationId={settlement.correlationId} />
            </>
          )}
          .
        </p>
      )}
      {failure !== undefined && (
        <p role="alert" class="alert">
          {failure}
        </p>
      )}
      <pre tabIndex={0} aria-label="Payload of the dead letter" aria-busy={whole === undefined}>
        {whole === undefined ? "…" : whole.payload === null ? "null" : indented(whole.payload)}
      </pre>
      <div class="actions">
        {settlement === undefined && (
          <>
            <button type="button" class="quiet" disabled={obstacle !== undefined} onClick={() => onAct("redrive")}>
              Redrive
            </button>
            <button type="button" class="quiet" onClick={() => onAct("drop")}>
              Drop
            </button>
          </>
        )}
        {typeof whole?.payload === "string" && <CopyButton label="Copy payload" text={whole.payload} />}
      </div>
      <dl class="ids">
        <div>
          <dt>Dead letter</dt>
          <dd>
            <code>{letter.letter}</code>
            {origin !== undefined && (
              <>
                , before at <code>{origin}</code>
              </>
            )}
          </dd>
        </div>
        {correlationId !== undefined && (
          <div>
            <dt>Correlation ID</dt>
            <dd>
              <StatusLink correlationId={correlationId} />
            </dd>
          </div>
        )}
        {typeof whole?.key === "string" && whole.key !== "" && (
          <div>
            <dt>Key</dt>
            <dd>
              <code>{whole.key}</code>
            </dd>
          </div>
        )}
      </dl>
      {whole !== undefined && (
        <details>
          <summary>{whole.headers.length} headers</summary>
          <pre tabIndex={0} aria-label="Headers of the dead letter">
            {whole.headers.map(({ key, value }) => `${key}: ${value ?? "null"}`).join("\n")}
          </pre>
        </details>
      )}
    </div>
  );
};

export const StatusLink = ({ correlationId }: { readonly correlationId: string }) => (
  <a href={`/status/${encodeURIComponent(correlationId)}`}>
    <code>{correlationId}</code>
  </a>
);

/** JSON on several lines, and anything else as it is. */
const indented = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
};
