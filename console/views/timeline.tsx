import { type Entry, isCutOff, isEnd, stateOf } from "../requests/entry.ts";
import { formatDuration } from "./duration.ts";
import { MEANINGS } from "./words.ts";

/** The states of a request, each with the time at which it was heard of, and how long it lasted as a bar. */
export const Timeline = ({ entry, now }: { readonly entry: Entry; readonly now: number }) => {
  const isOpen = !isEnd(stateOf(entry));
  const endMs = isOpen ? Math.max(now - entry.sentAt, 1) : Math.max(entry.steps.at(-1)?.afterMs ?? 0, 1);
  return (
    <ol class="timeline" aria-label="States">
      {entry.steps.map(({ state, afterMs }, index) => {
        const untilMs = entry.steps[index + 1]?.afterMs ?? endMs;
        const isWaiting = isOpen && index === entry.steps.length - 1 && !isCutOff(entry);
        return (
          <li key={index} data-state={state} class={isWaiting ? "waiting" : ""}>
            <span class="state">{state}</span>
            <span class="meaning">{MEANINGS[state]}</span>
            <span class="time">{index === 0 ? "" : `+${formatDuration(afterMs)}`}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ marginLeft: share(afterMs, endMs), width: share(untilMs - afterMs, endMs) }} />
            </span>
          </li>
        );
      })}
    </ol>
  );
};

const share = (part: number, whole: number): string => `${Math.min(100, Math.max(0, (part / whole) * 100)).toFixed(2)}%`;
