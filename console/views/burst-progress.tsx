import type { Burst } from "../requests/burst.ts";
import { formatDuration } from "./duration.ts";

type BurstProgressProps = { readonly burst: Burst; readonly now: number; readonly onStop: () => void };

/** How far many requests at once are, and how it went. */
export const BurstProgress = ({ burst, now, onStop }: BurstProgressProps) => {
  const { operation, total, ended, succeeded, startedAt, endedAt } = burst;
  const tookMs = (endedAt ?? now) - startedAt;
  const failed = ended - succeeded;
  const rate = tookMs > 0 ? Math.round(succeeded / (tookMs / 1_000)) : 0;
  return (
    <div class="burst">
      <label for="burst">
        {total.toLocaleString("en")} × {operation}
      </label>
      <progress id="burst" max={total} value={ended} />
      <p class="hint">
        {ended.toLocaleString("en")} of {total.toLocaleString("en")} ended,{" "}
        {failed === 0 ? "none failed" : `${failed.toLocaleString("en")} without a reply`}, {formatDuration(tookMs)},{" "}
        {rate.toLocaleString("en")} replies/s
      </p>
      {endedAt === undefined && (
        <button type="button" class="quiet" onClick={onStop}>
          Stop
        </button>
      )}
    </div>
  );
};
