import { measureLoad, type Measurement } from "../load.ts";
import type { Pace } from "../pace.ts";
import { FSYNCS } from "../processes.ts";
import { atLeast, atMost, type Line, ratioOfRounds, type Result, type Say, type Section, spreadOf } from "../result.ts";
import { type Counters, startCounters } from "./counters.ts";
import { FOLD_SIZES, measureFold } from "./fold.ts";
import { type Peer, startPeers } from "./peers.ts";
import { measureReplay, measureRowLatency, rowTarget, startBareHono } from "./views.ts";

const CONNECTIONS = [1, 32] as const;
const BATCH = 50;
const BATCH_CONNECTIONS = 8;

/** Commands, events and views, beside event stores for TypeScript that keep events in SQLite. */
export const commandsSection: Section = {
  conditions: () => ({
    rejoinder: "over HTTP: Worker on Node with the embedded log, a consumer of its own, 1,000 aggregates, 6 partitions",
    peers:
      "called in their own process, without HTTP; their own settings of SQLite; 1,000 streams; calls of one process wait for one another, since those that meet fail",
    fsync: "always, and os",
  }),
  async measure(pace, say) {
    await using peers = await startPeers(say);
    const results: Result[] = [measureFolds(pace)];
    for (const fsync of FSYNCS) {
      await using counters = await startCounters({ fsync });
      results.push(await measureCommands(fsync, counters, fsync === "os" ? peers.peers : [], pace, say));
    }
    await using counters = await startCounters({ fsync: "os" });
    return [...results, await measureViews(counters, pace, say)];
  },
};

const measureFolds = ({ rounds, measureMs }: Pace): Result => {
  const rates = FOLD_SIZES.map((size) => ({ size, rounds: Array.from({ length: rounds }, () => measureFold(size, measureMs / 2)) }));
  const lines = rates.map(({ size, rounds: measured }): Line => ({
    name: `${size} in a commit`,
    numbers: {
      "fold, events/s": spreadOf(measured.map(({ fold }) => fold)),
      "decode and fold, events/s": spreadOf(measured.map(({ decodeAndFold }) => decodeAndFold)),
    },
  }));
  const many = rates.at(-1)?.rounds.map(({ fold }) => fold) ?? [];
  return {
    name: "folding events in memory, schemas checked",
    tables: [{ title: "one process", lines }],
    goals: [atLeast(`events folded a second, ${FOLD_SIZES[1]} in a commit`, 1_000_000, spreadOf(many), "/s")],
  };
};

type Series = { readonly name: string; readonly measured: Measurement[] };

/** What is measured of each: commands of one event, and of many. */
const SHAPES = [
  ...CONNECTIONS.map((connections) => ({ kind: "increment" as const, connections, times: 1 })),
  { kind: "repeat" as const, connections: BATCH_CONNECTIONS, times: BATCH },
];

const measureCommands = async (
  fsync: string,
  counters: Counters,
  peers: readonly Peer[],
  { rounds, warmUpMs, measureMs, firstWarmUpMs }: Pace,
  say: Say,
): Promise<Result> => {
  await measureLoad(counters.increments(), { connections: 32, warmUpMs: 0, measureMs: firstWarmUpMs });
  const series = SHAPES.map((shape) => ({
    shape,
    of: ["rejoinder", ...peers.map(({ name }) => name)].map((name): Series => ({ name, measured: [] })),
  }));
  for (let round = 1; round <= rounds; round++)
    for (const { shape, of } of series) {
      const { kind, connections, times } = shape;
      const own = kind === "increment" ? counters.increments() : counters.repeats(times);
      of[0]?.measured.push(await measureLoad(own, { connections, warmUpMs, measureMs }));
      for (const [index, peer] of peers.entries()) {
        const { measurement } = await peer.ask({ ...shape, warmUpMs, measureMs });
        if (measurement !== undefined) of[index + 1]?.measured.push(measurement);
      }
      say(
        `round ${round}/${rounds}  ${kind} at ${connections}, fsync ${fsync}: ${of.map(({ name, measured }) => `${name} ${Math.round(measured.at(-1)?.ratePerSecond ?? 0)}/s`).join(", ")}`,
      );
    }
  const ratesOf = ({ measured }: Series): readonly number[] => measured.map(({ ratePerSecond }) => ratePerSecond);
  const ratios = series.flatMap(({ shape: { kind, connections }, of: [own, ...others] }) =>
    others.map((other) => [`${kind}-${connections}-vs-${other.name}`, ratioOfRounds(ratesOf(own as Series), ratesOf(other))] as const),
  );
  const [alone, , many] = series.map(({ of }) => ratesOf(of[0] as Series));
  const events = spreadOf((many ?? []).map((rate) => rate * BATCH));
  const projected = await Promise.all(
    peers.map(async (peer) => ({ name: peer.name, rate: (await peer.ask({ kind: "project" })).eventsPerSecond ?? 0 })),
  );
  const projections = projected.filter(({ rate }) => rate > 0).map(({ name, rate }): Line => ({ name, numbers: { "events/s": rate } }));
  return {
    name: `commands and their replies, embedded, fsync ${fsync}`,
    tables: [
      ...series.map(({ shape: { kind, connections, times }, of }) => ({
        title: kind === "increment" ? `one event, at ${connections}` : `${times} events in one commit, at ${connections}`,
        lines: of.map(({ name, measured }): Line => ({
          name,
          numbers: {
            "commands/s": spreadOf(measured.map(({ ratePerSecond }) => ratePerSecond)),
            "events/s": spreadOf(measured.map(({ ratePerSecond }) => ratePerSecond * times)),
            "p50 µs": spreadOf(measured.map(({ p50Us }) => p50Us)),
            "p99 µs": spreadOf(measured.map(({ p99Us }) => p99Us)),
          },
        })),
      })),
      ...(projections.length === 0 ? [] : [{ title: "projection of what was appended, all at once", lines: projections }]),
    ],
    ratios: Object.fromEntries(ratios),
    goals: [
      atLeast(`fsync ${fsync}: commands a second at 1 connection`, 1_000, spreadOf(alone ?? []), "/s"),
      atLeast(`fsync ${fsync}: events appended a second, ${BATCH} in a commit`, 14_000, events, "/s"),
    ],
  };
};

const measureViews = async (counters: Counters, pace: Pace, say: Say): Promise<Result> => {
  const { rounds, warmUpMs, measureMs, wakeUps, replayedEvents } = pace;
  await measureRowLatency(counters, 20);
  const latencies = [];
  for (let round = 0; round < rounds; round++) latencies.push(await measureRowLatency(counters, Math.ceil(wakeUps / rounds)));
  await using bare = await startBareHono();
  const rows: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < rounds; round++) {
    rows.push((await measureLoad(rowTarget(counters.url), { connections: 32, warmUpMs, measureMs })).ratePerSecond);
    floor.push((await measureLoad(rowTarget(bare.url), { connections: 32, warmUpMs, measureMs })).ratePerSecond);
    say(`round ${round + 1}/${rounds}  GET of a row: ${Math.round(rows.at(-1) ?? 0)}/s, bare Hono ${Math.round(floor.at(-1) ?? 0)}/s`);
  }
  say(`filling another version of a view with ${replayedEvents} events`);
  const replay = await measureReplay(counters, { events: replayedEvents, measureMs });
  const p50 = spreadOf(latencies.map(({ p50Ms }) => p50Ms));
  const p99 = spreadOf(latencies.map(({ p99Ms }) => p99Ms));
  const rowRatio = ratioOfRounds(rows, floor);
  const p99Ratio = replay.p99WhileUs / replay.p99AfterUs;
  return {
    name: "views, the Worker on Node, embedded, fsync os",
    tables: [
      { title: "from the reply to a command to its row, ms", lines: [{ name: "one caller", numbers: { p50, p99 } }] },
      {
        title: "GET of a row at 32",
        lines: [
          { name: "rejoinder", numbers: { "rate/s": spreadOf(rows) } },
          { name: "bare Hono", numbers: { "rate/s": spreadOf(floor) } },
        ],
      },
      {
        title: "a new version is filled while one caller sends commands",
        lines: [
          {
            name: `${replay.events} events`,
            numbers: { "events/s": replay.eventsPerSecond, "p99 µs while": replay.p99WhileUs, "p99 µs after": replay.p99AfterUs },
          },
        ],
      },
    ],
    ratios: { "row-vs-bare-hono": rowRatio },
    goals: [
      atMost("from the reply to its row, p50", 5, p50, "ms"),
      atMost("from the reply to its row, p99", 15, p99, "ms"),
      atLeast("GET of a row ÷ bare Hono", 0.8, rowRatio, "×"),
      atLeast("events folded a second into a new version", 60_000, replay.eventsPerSecond, "/s"),
      atMost("p99 of commands meanwhile ÷ afterwards", 1.5, p99Ratio, "×"),
    ],
  };
};
