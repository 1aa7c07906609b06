import type { Measurement } from "../load.ts";
import { type MeasuredNumber, ratioOf, roundsOf } from "../rounds.ts";
import { type Spread, spreadOf } from "../spread.ts";
import type { LoadedContestant, SuiteResult } from "./suite.ts";

/** What is said of rejoinder beside others: each number is its own divided by theirs, but for the wake-up, which is in milliseconds. */
export type Ratios = Readonly<Record<RatioName, Spread>>;

export type RatioName = keyof typeof RATIOS;

/** Of each, which is the better one for whoever has it, and what it says. */
export const RATIOS = {
  "sync-1-vs-spring": { better: "more", says: "request-reply, 1 connection: rate ÷ Spring's" },
  "sync-32-vs-spring": { better: "more", says: "request-reply, 32 connections: rate ÷ Spring's" },
  "sync-128-vs-spring": { better: "more", says: "request-reply, 128 connections: rate ÷ Spring's" },
  "p99-32-vs-spring": { better: "less", says: "request-reply, 32 connections: p99 ÷ Spring's" },
  "p99-128-vs-spring": { better: "less", says: "request-reply, 128 connections: p99 ÷ Spring's" },
  "p50-1-vs-raw": { better: "less", says: "request-reply, 1 connection: p50 ÷ raw round trip's" },
  "wake-ms": { better: "less", says: "wake-up of a waiting caller, ms" },
  "accept-32-vs-naive": { better: "more", says: "accepting, 32 connections: rate ÷ naive Worker's" },
} as const satisfies Record<string, { readonly better: "more" | "less"; readonly says: string }>;

/** @throws TypeError if something was not measured. */
export const calculateRatios = ({ sums, accepts, wakeUps }: SuiteResult): Ratios => {
  const find = (name: LoadedContestant, connections: number): readonly Measurement[] => roundsOf(sums, name, connections);
  const besideSpring = (connections: number, member: MeasuredNumber, better: "more" | "less"): Spread => {
    const beside = (spring: LoadedContestant) => ratioOf(find("rejoinder", connections), find(spring, connections), member);
    return leastFlattering([beside("spring linger 0"), beside("spring linger 5")], better);
  };
  return {
    "sync-1-vs-spring": besideSpring(1, "ratePerSecond", "more"),
    "sync-32-vs-spring": besideSpring(32, "ratePerSecond", "more"),
    "sync-128-vs-spring": besideSpring(128, "ratePerSecond", "more"),
    "p99-32-vs-spring": besideSpring(32, "p99Us", "less"),
    "p99-128-vs-spring": besideSpring(128, "p99Us", "less"),
    "p50-1-vs-raw": ratioOf(find("rejoinder", 1), find("raw", 1), "p50Us"),
    "wake-ms": spreadOf(wakeUps.map(({ wakeUpUs }) => wakeUpUs / 1_000)),
    "accept-32-vs-naive": ratioOf(roundsOf(accepts, "rejoinder", 32), roundsOf(accepts, "naive", 32), "ratePerSecond"),
  };
};

/** Whoever tunes Spring takes the setting that is better for what they look at: it is that one which rejoinder is held against. */
const leastFlattering = (ratios: readonly [Spread, Spread], better: "more" | "less"): Spread => {
  const [one, other] = ratios;
  return one.median < other.median === (better === "more") ? one : other;
};
