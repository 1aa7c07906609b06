import type { Measures, Second } from "../requests/measures.ts";
import { formatDuration } from "./duration.ts";
import { Plot } from "./plot.tsx";
import { useSeconds } from "./redraw.ts";

/** What goes through this page: rate, in flight, latency. */
export const Traffic = ({ measures }: { readonly measures: Measures }) => {
  useSeconds();
  const seconds = measures.seconds();
  // The second that has just begun would always look too low.
  const shown = seconds.slice(0, -1);
  const times = shown.map(({ at }) => at);
  const last = shown.at(-1);
  const values = (of: keyof Second) => shown.map((second) => second[of]);
  const latest = shown.findLast(({ p50 }) => p50 !== undefined);
  return (
    <div class="plots">
      <Plot
        title="Requests per second"
        summary={`${last?.sent ?? 0} sent, ${last?.ended ?? 0} ended`}
        times={times}
        series={[
          { label: "sent", color: "--busy", values: values("sent") },
          { label: "ended", color: "--accent", values: values("ended") },
        ]}
      />
      <Plot
        title="In flight"
        summary={`${last?.inFlight ?? 0} now, at most ${Math.max(0, ...shown.map(({ inFlight }) => inFlight))}`}
        times={times}
        series={[{ label: "open requests", color: "--accent", values: values("inFlight") }]}
      />
      <Plot
        title="Latency, ms"
        summary={latest === undefined ? "nothing has ended yet" : describeLatency(latest)}
        times={times}
        series={[
          { label: "p50", color: "--accent", values: values("p50") },
          { label: "p95", color: "--busy", values: values("p95") },
          { label: "p99", color: "--bad", values: values("p99") },
        ]}
      />
    </div>
  );
};

const describeLatency = ({ p50 = 0, p99 = 0 }: Second): string => `p50 ${formatDuration(p50)}, p99 ${formatDuration(p99)}`;
