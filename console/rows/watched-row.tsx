import { useEffect, useState } from "preact/hooks";
import type { Client, ClientContract, WatchedRow as Watched } from "../../client/index.ts";
import { formatAge } from "../views/duration.ts";
import { Json } from "../views/json.tsx";

type WatchedRowProps = {
  readonly view: string;
  /** The key of the row. */
  readonly rowKey: string;
  readonly client: Client<ClientContract>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** What came so far. */
type Seen = {
  readonly watched: Watched<unknown>;
  /** How often the row has changed since it was first seen, and when it did so last: milliseconds since 1970. */
  readonly changes: number;
  readonly changedAt: number | undefined;
};

const NOTHING: Seen = {
  watched: { row: undefined, position: undefined, isLive: false, error: undefined },
  changes: -1,
  changedAt: undefined,
};

/** A row of a view as it is now, for as long as it is shown. */
export const WatchedRow = ({ view, rowKey, client, now }: WatchedRowProps) => {
  const [{ watched, changes, changedAt }, see] = useState(NOTHING);
  useEffect(
    () =>
      client.view(view, rowKey).onChange((next) =>
        see((before) => {
          const isNew = before.changes < 0 ? next.isLive : next.position !== before.watched.position;
          return isNew ? { watched: next, changes: before.changes + 1, changedAt: now() } : { ...before, watched: next };
        }),
      ),
    [client, view, rowKey],
  );
  const { row, position, isLive, error } = watched;
  return (
    <div role="group" aria-label={`Row ${rowKey} of ${view}`}>
      <p role="status" class={isLive ? "row-state row-live" : "row-state"}>
        {error === undefined ? describe(watched, changes) : ""}
      </p>
      <p role="alert" class={error === undefined ? undefined : "problem"}>
        {error?.message}
      </p>
      {row !== undefined && <Json label="Row as JSON" value={row} />}
      {position !== undefined && changedAt !== undefined && (
        <p class="hint">
          {changes === 0 ? "Read" : row === undefined ? "Left" : "Changed"} {formatAge(now() - changedAt)}, position <code>{position}</code>
        </p>
      )}
    </div>
  );
};

/** No times: a screen reader says it anew whenever it differs. */
const describe = ({ row, isLive }: Watched<unknown>, changes: number): string => {
  if (changes < 0) return "Asking for the row …";
  const times = changes === 0 ? "" : changes === 1 ? " It has changed once." : ` It has changed ${changes.toLocaleString("en")} times.`;
  if (!isLive) return "The server cannot be reached. This is the row as it was last seen.";
  return `${row === undefined ? "Live: there is no such row now. It is shown as soon as there is one." : "Live."}${times}`;
};
