import type { Host } from "../../cli/start/part-environments.ts";
import { billOf, type Usage } from "../costs/bill.ts";
import { type MeasuredCase, ratioOf } from "../cases.ts";
import { atMost, type Goal, type Line, ratioOfRounds, type Spread, type Table } from "../result.ts";

/** On how many connections callers come. */
export const CONNECTIONS = 32;

/** Who has no credentials: what the others are compared with. */
export const ANYBODY = "public";

/** The process that is measured, in which the Worker is. */
export const HOST = "host";

/** The most that the processor time of the host may be, divided by that of {@link ANYBODY}. */
const GOALS: Readonly<Record<string, number>> = {
  "API key": 1.1,
  "token, RS256": 1.25,
  "token, ES256": 1.25,
  quota: 1.4,
  "Idempotency-Key": 1.3,
};

/** In microseconds, in each round; none where the system does not tell. */
const timesOf = ({ rounds, processorTimes }: MeasuredCase): readonly number[] =>
  processorTimes.map(({ usedNs }, round) => (usedNs[HOST] ?? 0) / 1_000 / (rounds[round]?.calls ?? Number.NaN));

/** The host's processor time for each request, divided by that of {@link ANYBODY} in the same round, by kind of caller. */
const timeRatiosOf = (cases: readonly MeasuredCase[]): ReadonlyMap<string, Spread> => {
  const anybody = cases.find(({ name }) => name === ANYBODY);
  if (anybody === undefined) throw new TypeError(`Expected callers to be measured that are ${ANYBODY}`);
  const others = cases.filter((one) => one !== anybody && one.processorTimes.length > 0);
  return new Map(others.map((one) => [one.name, ratioOfRounds(timesOf(one), timesOf(anybody))]));
};

/** The numbers to be quoted, such as `node-cpu-quota-vs-public`. @throws TypeError if nobody was public */
export const calculateRatios = (host: Host, cases: readonly MeasuredCase[]): Readonly<Record<string, Spread>> => {
  const rates = cases
    .filter(({ name }) => name !== ANYBODY)
    .map(
      ({ name }) =>
        [`${host}-rate-${slugOf(name)}-vs-${ANYBODY}`, ratioOf(cases, { connections: CONNECTIONS, of: name, to: ANYBODY })] as const,
    );
  const times = [...timeRatiosOf(cases)].map(([name, ratio]) => [`${host}-cpu-${slugOf(name)}-vs-${ANYBODY}`, ratio] as const);
  return Object.fromEntries([...times, ...rates]);
};

const slugOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

/** @throws TypeError if nobody was public */
export const goalsOf = (host: Host, cases: readonly MeasuredCase[]): readonly Goal[] => {
  const ratios = timeRatiosOf(cases);
  return Object.entries(GOALS).flatMap(([name, limit]) => {
    const ratio = ratios.get(name);
    return ratio === undefined ? [] : [atMost(`${host}: processor time of the host, ${name} ÷ ${ANYBODY}`, limit, ratio, "×")];
  });
};

/** What was counted, by request, and what that costs. */
export const tablesOfUsage = (usages: readonly Usage[]): readonly Table[] => [
  { title: "counted, a request", lines: usages.map(perRequest) },
  { title: "US dollars a million requests", lines: usages.map((usage) => billOf(usage)) },
];

/** Without what was not done. */
const perRequest = ({ name, requests, counts }: Usage): Line => ({
  name,
  numbers: Object.fromEntries(Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [[what, count / requests]]))),
});
