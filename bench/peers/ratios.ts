import { drawBarChart } from "../bar-chart.ts";
import { type MeasuredCase, ratioOf, roundsOf } from "../cases.ts";
import { atLeast, atMost, type Goal, type Spread, spreadOf, type Table } from "../result.ts";
import { CONNECTIONS, OWN, type OwnName } from "./contestants.ts";

export type MeasuredPeers = {
  readonly sums: readonly MeasuredCase[];
  /** One a round. */
  readonly wakeUpsMs: { readonly node: readonly number[]; readonly workerd: readonly number[] };
};

const NAMES = Object.keys(OWN) as OwnName[];
const SPRINGS = ["spring linger 0", "spring linger 5"] as const;
const LOADED = [32, 128] as const;
/** What runs on the gateway's own log, and the same on a cluster. */
const EMBEDDED = { node: "node", workerd: "rest" } as const;

const hasCase = (sums: readonly MeasuredCase[], name: string, connections: number): boolean =>
  sums.some((one) => one.name === name && one.connections === connections);

/** Spring's better setting is the one to be compared with: whoever tunes it takes that one. */
const besideSpring = (sums: readonly MeasuredCase[], of: string, connections: number, number: "ratePerSecond" | "p99Us"): Spread => {
  // A rate has the smaller ratio to the better one, a latency the larger.
  const sign = number === "ratePerSecond" ? 1 : -1;
  const settings = SPRINGS.filter((to, index) => index === 0 || hasCase(sums, to, connections));
  const ratios = settings.map((to) => ratioOf(sums, { connections, of, to, number }));
  return ratios.reduce((one, other) => (sign * other.median < sign * one.median ? other : one));
};

/** The numbers to be quoted: rejoinder's divided by those of others, and wake-ups in milliseconds. @throws TypeError if a case was not measured */
export const calculateRatios = ({ sums, wakeUpsMs }: MeasuredPeers): Readonly<Record<string, Spread>> =>
  Object.fromEntries([
    ...NAMES.flatMap((of) => [
      ...CONNECTIONS.map((at) => [`${of}-${at}-vs-spring`, besideSpring(sums, of, at, "ratePerSecond")] as const),
      ...LOADED.map((at) => [`${of}-p99-${at}-vs-spring`, besideSpring(sums, of, at, "p99Us")] as const),
      [`${of}-p50-1-vs-raw`, ratioOf(sums, { connections: 1, of, to: "raw", number: "p50Us" })] as const,
    ]),
    ["wake-ms", spreadOf(wakeUpsMs.workerd)] as const,
    ["node-wake-ms", spreadOf(wakeUpsMs.node)] as const,
    ...Object.entries(EMBEDDED).flatMap(([host, to]) =>
      CONNECTIONS.map(
        (at) => [`${host}-embedded-${at}-vs-kafka`, ratioOf(sums, { connections: at, of: `embedded, ${host}`, to })] as const,
      ),
    ),
  ]);

/** Rates at 1, 32 and 128 connections, p99 under load, and p50 at one. */
const LIMITS: Readonly<Record<OwnName, { readonly rates: readonly [number, number, number]; readonly p99: number; readonly p50: number }>> =
  {
    node: { rates: [1.3, 1.3, 1.1], p99: 1, p50: 1.8 },
    native: { rates: [0.85, 0.75, 0.65], p99: 2, p50: 2.5 },
    rest: { rates: [0.65, 0.6, 0.5], p99: 2.5, p50: 2.5 },
  };
const WAKE_UP_MS = 1;

export const goalsOf = (ratios: ReturnType<typeof calculateRatios>): readonly Goal[] => {
  const ratio = (name: string): Spread => ratios[name] as Spread;
  return [
    ...NAMES.flatMap((name) => {
      const { rates, p99, p50 } = LIMITS[name];
      return [
        ...CONNECTIONS.map((at, index) =>
          atLeast(`${name}: rate ÷ Spring's, ${at}`, rates[index] ?? 0, ratio(`${name}-${at}-vs-spring`), "×"),
        ),
        ...LOADED.map((at) => atMost(`${name}: p99 ÷ Spring's, ${at}`, p99, ratio(`${name}-p99-${at}-vs-spring`), "×")),
        atMost(`${name}: p50 ÷ raw, 1`, p50, ratio(`${name}-p50-1-vs-raw`), "×"),
      ];
    }),
    atMost("wake-up in workerd", WAKE_UP_MS, ratio("wake-ms"), "ms"),
    atMost("wake-up on Node", WAKE_UP_MS, ratio("node-wake-ms"), "ms"),
    ...Object.keys(EMBEDDED).flatMap((host) =>
      CONNECTIONS.map((at) => atLeast(`embedded ÷ Kafka, ${host}, ${at}`, 1, ratio(`${host}-embedded-${at}-vs-kafka`), "×")),
    ),
  ];
};

/** A table for each number: a line for each contestant, and a column for each number of connections. */
export const tablesOf = (sums: readonly MeasuredCase[]): readonly Table[] => {
  const names = [...new Set(sums.map(({ name }) => name))];
  return Object.entries(NUMBERS).map(([title, numberOf]) => ({
    title,
    lines: names.map((name) => {
      const own = sums.filter((one) => one.name === name);
      return {
        name,
        numbers: Object.fromEntries(own.map(({ connections, rounds }) => [`at ${connections}`, spreadOf(rounds.map(numberOf))])),
      };
    }),
  }));
};

const NUMBERS: Readonly<Record<string, (round: MeasuredCase["rounds"][number]) => number>> = {
  "requests a second": (round) => round.ratePerSecond,
  "p50, ms": (round) => round.p50Us / 1_000,
  "p99, ms": (round) => round.p99Us / 1_000,
};

/** What people call them. */
const LABELS: Readonly<Record<OwnName, string>> = {
  node: "rejoinder on Node",
  native: "rejoinder in workerd",
  rest: "… through a REST proxy",
};

/** Rates of request and reply, a group of bars for each number of connections. @param conditions what they were measured on */
export const plotRates = (sums: readonly MeasuredCase[], conditions: string): string =>
  drawBarChart({
    title: "Requests answered a second, through Kafka and back",
    caption: ["Median, and a line from the least to the most of all rounds. Each group has its own scale.", conditions],
    groups: CONNECTIONS.map((connections) => {
      const rateOf = (name: string): Spread => spreadOf(roundsOf(sums, name, connections).map((round) => round.ratePerSecond));
      const springs = SPRINGS.filter((name) => hasCase(sums, name, connections)).map(rateOf);
      const spring = springs.reduce((one, other) => (other.median > one.median ? other : one));
      return {
        title: connections === 1 ? "1 connection" : `${connections} connections`,
        bars: [
          ...NAMES.map((name) => ({ label: LABELS[name], value: rateOf(name), isOwn: true })),
          { label: "Spring", value: spring, isOwn: false },
        ],
      };
    }),
  });
