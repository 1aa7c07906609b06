import { useState } from "preact/hooks";
import { type Entry, durationOf, isEnd, stateOf } from "../requests/entry.ts";
import { formatAge, formatDuration } from "./duration.ts";

type RequestListProps = {
  /** The newest first. */
  readonly entries: readonly Entry[];
  readonly shownId: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly onShow: (entry: Entry) => void;
  readonly onSendAgain: (entry: Entry) => void;
  readonly onForgetEnded: () => void;
};

const PAGE = 25;

const FILTERS = {
  all: { label: "All", holds: () => true },
  open: { label: "On their way", holds: (entry: Entry) => !isEnd(stateOf(entry)) },
  succeeded: { label: "Succeeded", holds: (entry: Entry) => stateOf(entry) === "succeeded" },
  failed: { label: "Failed", holds: (entry: Entry) => isEnd(stateOf(entry)) && stateOf(entry) !== "succeeded" },
} as const;

/** The requests of this browser. One can be opened, and each can be sent again. */
export const RequestList = ({ entries, shownId, now, onShow, onSendAgain, onForgetEnded }: RequestListProps) => {
  const [filter, setFilter] = useState<keyof typeof FILTERS>("all");
  const [count, setCount] = useState(PAGE);
  if (entries.length === 0) return <p class="empty">Nothing was sent from this browser yet.</p>;
  const chosen = entries.filter(FILTERS[filter].holds);
  return (
    <>
      <div class="actions list-actions">
        <label for="filter">Show</label>
        <select
          id="filter"
          value={filter}
          onChange={({ currentTarget }) => {
            setFilter(currentTarget.value as keyof typeof FILTERS);
            setCount(PAGE);
          }}
        >
          {Object.entries(FILTERS).map(([key, { label, holds }]) => (
            <option key={key} value={key}>
              {label} ({entries.filter(holds).length})
            </option>
          ))}
        </select>
        <button type="button" class="quiet" onClick={onForgetEnded}>
          Forget what has ended
        </button>
      </div>
      {chosen.length === 0 && <p class="empty">None of them.</p>}
      <ol class="requests" aria-label="Requests, the newest first">
        {chosen.slice(0, count).map((entry) => (
          <Row key={entry.id} entry={entry} isShown={entry.id === shownId} now={now} onShow={onShow} onSendAgain={onSendAgain} />
        ))}
      </ol>
      {chosen.length > count && (
        <button type="button" class="quiet" onClick={() => setCount(count + PAGE)}>
          Show more of {chosen.length}
        </button>
      )}
    </>
  );
};

type RowProps = Pick<RequestListProps, "now" | "onShow" | "onSendAgain"> & { readonly entry: Entry; readonly isShown: boolean };

const Row = ({ entry, isShown, now, onShow, onSendAgain }: RowProps) => {
  const state = stateOf(entry);
  return (
    <li>
      <button type="button" class="show" aria-current={isShown ? "true" : undefined} onClick={() => onShow(entry)}>
        <span class="state" data-state={state}>
          {state}
        </span>
        <span class="operation">{entry.operation}</span>
        <span class="request">{JSON.stringify(entry.request).slice(0, 120)}</span>
        <span class="time">{isEnd(state) ? formatDuration(durationOf(entry)) : "…"}</span>
        <span class="age">{formatAge(now - entry.sentAt)}</span>
      </button>
      <button type="button" class="quiet again" aria-label={`Send ${entry.operation} again`} onClick={() => onSendAgain(entry)}>
        Again
      </button>
    </li>
  );
};
