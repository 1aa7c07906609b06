import { drawBarChart } from "../bar-chart.ts";
import type { Contestant } from "./contestants.ts";
import type { Row } from "./results.ts";

/** Who is shown, and how people call them. */
const LABELS: readonly (readonly [name: Contestant, label: string])[] = [
  ["rejoinder", "rejoinder"],
  ["spring linger 0", "Spring, linger 0 ms"],
  ["spring linger 5", "Spring, linger 5 ms"],
  ["raw", "raw, without HTTP"],
];

/** Rates of request and reply, a group of bars for each number of connections. @param conditions what they were measured on */
export const plotRates = (rows: readonly Row[], conditions: string): string =>
  drawBarChart({
    title: "Requests answered a second, through Kafka and back",
    caption: ["Median, and a line from the least to the most of all rounds. Each group has its own scale.", conditions],
    groups: [...new Set(rows.map(({ connections }) => connections))].map((connections) => ({
      title: connections === 1 ? "1 connection" : `${connections} connections`,
      bars: LABELS.flatMap(([name, label]) =>
        rows
          .filter((row) => row.name === name && row.connections === connections)
          .map(({ ratePerSecond }) => ({ label, value: ratePerSecond, isOwn: name === "rejoinder" })),
      ),
    })),
  });
