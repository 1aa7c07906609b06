import { useEffect } from "preact/hooks";
import type { Problem } from "../../protocol/problem.ts";
import { TERMINAL_STATES } from "../../protocol/states.ts";
import { type Entry, isCutOff, isEnd, stateOf } from "../requests/entry.ts";
import { Attempts } from "./attempts.tsx";
import { codeOf, curlOf } from "./copies.ts";
import { CopyButton } from "./copy-button.tsx";
import { Exchanges } from "./exchanges.tsx";
import { Json } from "./json.tsx";
import { Chunks, Progress } from "./so-far.tsx";
import { Timeline } from "./timeline.tsx";
import { ADVICE, CUT_OFF } from "./words.ts";

type DetailsProps = {
  readonly entry: Entry | undefined;
  readonly now: number;
  readonly isSignedIn: boolean;
  readonly onSendAgain: (entry: Entry) => void;
  readonly onEdit: (entry: Entry) => void;
  readonly onAskAgain: (entry: Entry) => void;
  readonly onCancel: (entry: Entry) => void;
};

/** One request: how it went, what came of it, and what went over the wire. */
export const Details = ({ entry, now, isSignedIn, onSendAgain, onEdit, onAskAgain, onCancel }: DetailsProps) => {
  const isToBeAsked = entry !== undefined && isUntold(entry);
  useEffect(() => {
    if (isToBeAsked) onAskAgain(entry);
  }, [entry?.id, isToBeAsked]);
  if (entry === undefined) return <p class="empty">Send a request, and watch it travel.</p>;
  const state = stateOf(entry);
  const advice = ADVICE[state];
  return (
    <>
      <Timeline entry={entry} now={now} />
      <Attempts entry={entry} now={now} />
      {entry.progress !== undefined && <Progress progress={entry.progress} />}
      {entry.chunks.length > 0 && <Chunks key={entry.id} chunks={entry.chunks} />}
      {isCutOff(entry) && <p class="notice">{CUT_OFF}</p>}
      {advice !== undefined && <p class="notice">{advice}</p>}
      {entry.reply !== undefined && <Json label="Reply as JSON" value={entry.reply} />}
      {entry.problem !== undefined && <ProblemView problem={entry.problem} />}
      {entry.message !== undefined && <p class="problem">{entry.message}</p>}
      <p role="alert" class="alert">
        {entry.cancelFailure !== undefined && `It could not be cancelled. ${entry.cancelFailure}`}
      </p>
      <div class="actions">
        {isCancellable(entry) && (
          <button type="button" class="quiet" disabled={state === "cancelling"} onClick={() => onCancel(entry)}>
            Cancel
          </button>
        )}
        <button type="button" class="quiet" onClick={() => onSendAgain(entry)}>
          Send again
        </button>
        <button type="button" class="quiet" onClick={() => onEdit(entry)}>
          Edit
        </button>
        {["unreachable", "stopped"].includes(state) && entry.correlationId !== undefined && (
          <button type="button" class="quiet" onClick={() => onAskAgain(entry)}>
            Ask again
          </button>
        )}
        <CopyButton key={`curl ${entry.id}`} label="Copy as curl" text={curlOf(entry, { origin: location.origin, isSignedIn })} />
        <CopyButton key={`code ${entry.id}`} label="Copy as code" text={codeOf(entry, { origin: location.origin, isSignedIn })} />
      </div>
      <Ids entry={entry} />
      <Exchanges exchanges={entry.exchanges} sentAt={entry.sentAt} />
    </>
  );
};

/** Whether it is on its way, as far as anybody knows, and can be named. */
const isCancellable = (entry: Entry): boolean => entry.correlationId !== undefined && !isEnd(stateOf(entry));

/** Whether another page of this browser saw the request end, without keeping its result. */
const isUntold = ({ steps, correlationId, exchanges }: Entry): boolean =>
  correlationId !== undefined && exchanges.length === 0 && (TERMINAL_STATES as readonly unknown[]).includes(steps.at(-1)?.state);

const Ids = ({ entry }: { readonly entry: Entry }) => (
  <dl class="ids">
    {entry.correlationId !== undefined && (
      <div class="correlation-id">
        <dt>Correlation ID</dt>
        <dd>
          <a href={`/status/${encodeURIComponent(entry.correlationId)}`}>
            <code>{entry.correlationId}</code>
          </a>
        </dd>
      </div>
    )}
    <div>
      <dt>Trace ID</dt>
      <dd>
        <code>{entry.id}</code>
      </dd>
    </div>
  </dl>
);

/** Members with a place of their own on the page; all others are shown as they are. */
const PLACED = new Set(["type", "title", "status", "detail", "code", "retryable", "correlationId"]);

const ProblemView = ({ problem }: { readonly problem: Problem }) => {
  const others = Object.entries(problem).filter(([name]) => !PLACED.has(name));
  return (
    <div class="problem">
      <p class="title">{problem.title}</p>
      {problem.detail !== undefined && <p>{problem.detail}</p>}
      <p class="code">
        <code>{problem.code}</code> · HTTP {problem.status}
        {problem["retryable"] === true && " · may be sent again as it is"}
      </p>
      {others.length > 0 && <Json label="Details" value={Object.fromEntries(others)} />}
    </div>
  );
};
