import { useEffect } from "preact/hooks";
import type { Problem } from "../../protocol/problem.ts";
import { TERMINAL_STATES } from "../../protocol/states.ts";
import { type Entry, isCutOff, stateOf } from "../requests/entry.ts";
import { codeOf, curlOf } from "./copies.ts";
import { CopyButton } from "./copy-button.tsx";
import { Exchanges } from "./exchanges.tsx";
import { Timeline } from "./timeline.tsx";
import { ADVICE, CUT_OFF } from "./words.ts";

type DetailsProps = {
  readonly entry: Entry | undefined;
  readonly now: number;
  readonly onSendAgain: (entry: Entry) => void;
  readonly onAskAgain: (entry: Entry) => void;
};

/** One request: how it went, what came of it, and what went over the wire. */
export const Details = ({ entry, now, onSendAgain, onAskAgain }: DetailsProps) => {
  const isToBeAsked = entry !== undefined && isUntold(entry);
  useEffect(() => {
    if (isToBeAsked) onAskAgain(entry);
  }, [entry?.id, isToBeAsked]);
  if (entry === undefined) return <p class="empty">Send a request, and watch it travel.</p>;
  const advice = ADVICE[stateOf(entry)];
  return (
    <>
      <Timeline entry={entry} now={now} />
      {isCutOff(entry) && <p class="notice">{CUT_OFF}</p>}
      {advice !== undefined && <p class="notice">{advice}</p>}
      {entry.reply !== undefined && <Json label="Reply as JSON" value={entry.reply} />}
      {entry.problem !== undefined && <ProblemView problem={entry.problem} />}
      {entry.message !== undefined && <p class="problem">{entry.message}</p>}
      <div class="actions">
        <button type="button" class="quiet" onClick={() => onSendAgain(entry)}>
          Send again
        </button>
        {["unreachable", "stopped"].includes(stateOf(entry)) && entry.correlationId !== undefined && (
          <button type="button" class="quiet" onClick={() => onAskAgain(entry)}>
            Ask again
          </button>
        )}
        <CopyButton key={`curl ${entry.id}`} label="Copy as curl" text={curlOf(entry, location.origin)} />
        <CopyButton key={`code ${entry.id}`} label="Copy as code" text={codeOf(entry, location.origin)} />
      </div>
      <Ids entry={entry} />
      <Exchanges exchanges={entry.exchanges} sentAt={entry.sentAt} />
    </>
  );
};

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
    {entry.attempt !== undefined && (
      <div>
        <dt>Attempt</dt>
        <dd>{entry.attempt}</dd>
      </div>
    )}
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

const Json = ({ label, value }: { readonly label: string; readonly value: unknown }) => (
  <pre tabIndex={0} aria-label={label}>
    {JSON.stringify(value, undefined, 2)}
  </pre>
);
