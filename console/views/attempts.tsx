import { type Entry, isEnd, stateOf } from "../requests/entry.ts";
import { formatDuration, formatSeconds } from "./duration.ts";

/** The attempts at handling a request: why each of them failed, and what comes next. Nothing while there was one only. */
export const Attempts = ({ entry, now }: { readonly entry: Entry; readonly now: number }) => {
  const { failedAttempts, attempt = 1, nextAttemptMs, sentAt } = entry;
  if (attempt < 2) return null;
  const waitMs = nextAttemptMs === undefined ? undefined : sentAt + nextAttemptMs - now;
  return (
    <section class="so-far" aria-label="Attempts">
      <h3>Attempts</h3>
      <ol class="attempts">
        {failedAttempts.map(({ attempt: failed, problem, afterMs }) => (
          <li key={failed} class="failed-attempt">
            <span class="name">Attempt {failed} failed</span>
            <span class="time">+{formatDuration(afterMs)}</span>
            <span class="why">
              <code>{problem.code}</code> {problem.detail ?? problem.title}
            </span>
          </li>
        ))}
        <li>
          <span class="name">
            Attempt {attempt} {isEnd(stateOf(entry)) ? "was the last" : describeNext(waitMs)}
          </span>
        </li>
      </ol>
    </section>
  );
};

const describeNext = (waitMs: number | undefined): string =>
  waitMs === undefined ? "is at work" : waitMs > 0 ? `begins in ${formatSeconds(Math.ceil(waitMs / 1_000))}` : "is about to begin";
