import { useState } from "preact/hooks";
import type { Client, ClientContract } from "../../client/index.ts";
import type { ViewsBody, ViewVersion } from "../../protocol/view-api.ts";
import type { ViewDescriptions } from "../contract.ts";
import { WatchedRow } from "./watched-row.tsx";

type ViewsProps = {
  /** Of one view at least. */
  readonly views: ViewDescriptions;
  /** What the Worker has of them. Undefined if it does not say. */
  readonly stored: ViewsBody["views"] | undefined;
  readonly client: Client<ClientContract>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** The views of the contract: how far each version is, and any row as it is now. */
export const Views = ({ views, stored, client, now }: ViewsProps) => {
  const names = Object.keys(views);
  const [name, setName] = useState("");
  const view = names.includes(name) ? name : (names[0] ?? "");
  const [key, setKey] = useState("");
  const [watched, watch] = useState<{ readonly view: string; readonly key: string }>();
  return (
    <>
      <ul class="consumers">
        {names.map((one) => (
          <li key={one}>
            <p>
              <code>{one}</code>{" "}
              <span class="hint">
                version {views[one]?.version} in the contract, of {views[one]?.aggregate}
              </span>
            </p>
            {versionsOf(one, stored).map((line) => (
              <p key={line} class="hint">
                {line}
              </p>
            ))}
          </li>
        ))}
      </ul>
      <form
        class="actions list-actions row-form"
        aria-label="Row to watch"
        onSubmit={(event) => {
          event.preventDefault();
          watch({ view, key });
        }}
      >
        <label for="view-name">Of</label>
        <select id="view-name" value={view} onChange={({ currentTarget }) => setName(currentTarget.value)}>
          {names.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <label for="view-key">the row with key</label>
        <input
          id="view-key"
          required
          autocomplete="off"
          spellcheck={false}
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
        <button type="submit" class="quiet">
          Watch
        </button>
        {watched !== undefined && (
          <button type="button" class="quiet" onClick={() => watch(undefined)}>
            Stop watching
          </button>
        )}
      </form>
      {watched !== undefined && (
        <WatchedRow key={JSON.stringify(watched)} view={watched.view} rowKey={watched.key} client={client} now={now} />
      )}
    </>
  );
};

const versionsOf = (name: string, stored: ViewsProps["stored"]): readonly string[] => {
  if (stored === undefined) return [];
  const versions = stored.find(({ view }) => view === name)?.versions ?? [];
  return versions.length === 0 ? ["No consumer has sent rows of it."] : versions.map(describeVersion);
};

const describeVersion = ({ version, isServed, isReady, partitions, progress }: ViewVersion): string => {
  if (isReady) return `Version ${version} is ${isServed ? "served" : "ready"}.`;
  const caughtUp = progress.filter(({ isCaughtUp }) => isCaughtUp).length;
  return `Version ${version} is being filled: ${caughtUp} of ${partitions} partitions have caught up.`;
};
