import { drawBarChart } from "../bar-chart.ts";
import { type MeasuredCase, ratioOf, roundsOf } from "../cases.ts";
import { atLeast, atMost, type Goal, type Spread, spreadOf } from "../result.ts";

/** Wake-ups are rejoinder's, one a round. */
export type MeasuredPeers = {
  readonly sums: readonly MeasuredCase[];
  readonly accepts: readonly MeasuredCase[];
  readonly wakeUpsMs: readonly number[];
};

/** The numbers to be quoted: rejoinder's divided by those of others, and the wake-up in milliseconds. @throws TypeError if a case was not measured */
export const calculateRatios = ({ sums, accepts, wakeUpsMs }: MeasuredPeers) => {
  /** Spring's better setting is the one to be compared with: whoever tunes it takes that one. */
  const besideSpring = (connections: number, number: "ratePerSecond" | "p99Us"): Spread => {
    const beside = (to: string) => ratioOf(sums, { connections, of: "rejoinder", to, number });
    const [one, other] = [beside("spring linger 0"), beside("spring linger 5")];
    return one.median < other.median === (number === "ratePerSecond") ? one : other;
  };
  return {
    "sync-1-vs-spring": besideSpring(1, "ratePerSecond"),
    "sync-32-vs-spring": besideSpring(32, "ratePerSecond"),
    "sync-128-vs-spring": besideSpring(128, "ratePerSecond"),
    "p99-32-vs-spring": besideSpring(32, "p99Us"),
    "p99-128-vs-spring": besideSpring(128, "p99Us"),
    "p50-1-vs-raw": ratioOf(sums, { connections: 1, of: "rejoinder", to: "raw", number: "p50Us" }),
    "wake-ms": spreadOf(wakeUpsMs),
    "accept-32-vs-naive": ratioOf(accepts, { connections: 32, of: "rejoinder", to: "naive" }),
  };
};

export const goalsOf = (ratios: ReturnType<typeof calculateRatios>, sums: readonly MeasuredCase[]): readonly Goal[] => [
  atLeast("rate ÷ the better Spring, 1 connection", 4, ratios["sync-1-vs-spring"], "×"),
  atLeast("rate ÷ the better Spring, 32 connections", 2, ratios["sync-32-vs-spring"], "×"),
  atLeast("rate ÷ the better Spring, 128 connections", 1, ratios["sync-128-vs-spring"], "×"),
  atMost("p99 ÷ the better Spring, 32 connections", 1, ratios["p99-32-vs-spring"], "×"),
  atMost("p99 ÷ the better Spring, 128 connections", 1, ratios["p99-128-vs-spring"], "×"),
  atMost("request-reply p50 ÷ raw round trip p50, 1 connection", 4, ratios["p50-1-vs-raw"], "×"),
  atMost("wake-up of a waiting caller", 2, ratios["wake-ms"], "ms"),
  atLeast("rate on the embedded engine ÷ on Kafka, 32 connections", 1, ratioOf(sums, EMBEDDED_TO_KAFKA), "×"),
];

const EMBEDDED_TO_KAFKA = { connections: 32, of: "embedded", to: "rejoinder" } as const;

/** Who is shown, and what people call them. */
const LABELS = {
  rejoinder: "rejoinder",
  "spring linger 0": "Spring, linger 0 ms",
  "spring linger 5": "Spring, linger 5 ms",
  raw: "raw, without HTTP",
};

/** Rates of request and reply, a group of bars for each number of connections. @param conditions what they were measured on */
export const plotRates = (sums: readonly MeasuredCase[], conditions: string): string =>
  drawBarChart({
    title: "Requests answered a second, through Kafka and back",
    caption: ["Median, and a line from the least to the most of all rounds. Each group has its own scale.", conditions],
    groups: [1, 32, 128].map((connections) => ({
      title: connections === 1 ? "1 connection" : `${connections} connections`,
      bars: Object.entries(LABELS).map(([name, label]) => {
        const rates = roundsOf(sums, name, connections).map((round) => round.ratePerSecond);
        return { label, value: spreadOf(rates), isOwn: name === "rejoinder" };
      }),
    })),
  });
