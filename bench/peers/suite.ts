import { startMeasuredKafka, type MeasuredKafka } from "../kafka/broker.ts";
import { duringLifetime, duringLifetimes } from "../lifetime.ts";
import { post } from "../json-request.ts";
import { measureLoad } from "../load.ts";
import { measureOpenLoop, type OpenMeasurement } from "../open-loop.ts";
import type { Pace } from "../pace.ts";
import { startBenchStack } from "../path/stack.ts";
import { createTargets } from "../path/targets.ts";
import { measureWakeUp, type WakeUp } from "../path/wake-up.ts";
import { ECHO } from "../record.ts";
import { type Case, type CaseRounds, measureRounds, warmUp } from "../rounds.ts";
import { type Contestant, CONTESTANTS, type Contestants, ECHOING, startContestants } from "./contestants.ts";
import { startNaivePeer } from "./naive/peer.ts";
import { warmUpUntilSteady } from "./warm-up.ts";

/** Polling is a matter of the pause, not of load: it is measured at a fixed rate only. */
export type LoadedContestant = Exclude<Contestant, "naive">;

export type AcceptName = "rejoinder" | "naive";

export type OpenRounds = { readonly name: Contestant; readonly rounds: readonly OpenMeasurement[] };

/** Everything that was measured of those that do the same. */
export type SuiteResult = {
  readonly isOwnCluster: boolean;
  readonly sums: readonly CaseRounds<LoadedContestant>[];
  readonly echoes: readonly CaseRounds<LoadedContestant>[];
  readonly accepts: readonly CaseRounds<AcceptName>[];
  readonly open: readonly OpenRounds[];
  /** Of rejoinder, one a round. */
  readonly wakeUps: readonly WakeUp[];
};

export const CONNECTIONS = [1, 32, 128] as const;
/** Of what is measured under one load only. */
export const MIDDLE_CONNECTIONS = 32;
/** At which the slowest of them can still follow, so that it is the same for all. */
export const OPEN_RATE_PER_SECOND = 100;
const OPEN_CALLERS = 256;
/** Connections are made in it. */
const OPEN_WARM_UP_MS = 200;

/** Measures on one cluster: request and reply, then accepting without anybody who replies, which leaves a backlog. */
export const runSuite = ({ peerRounds, ...times }: Pace, say: (line: string) => void): Promise<SuiteResult> =>
  duringLifetime(startMeasuredKafka(), async (kafka) => {
    const pace = { ...times, rounds: peerRounds };
    const replies = await duringLifetime(startContestants(kafka), (contestants) => measureReplies(contestants, pace, say));
    return { isOwnCluster: kafka.isOwn, ...replies, ...(await measureAccepting(kafka, pace, say)) };
  });

type RoundsPace = Omit<Pace, "peerRounds">;

const measureReplies = async ({ sums, echoes }: Contestants, pace: RoundsPace, say: (line: string) => void) => {
  const names = CONTESTANTS.filter((name): name is LoadedContestant => name !== "naive");
  const of = (connections: number) => names.map((name): Case<LoadedContestant> => ({ name, work: sums[name], connections }));
  const echoCases = ECHOING.map((name): Case<LoadedContestant> => ({ name, work: echoes[name], connections: MIDDLE_CONNECTIONS }));
  for (const { name, work, connections } of of(MIDDLE_CONNECTIONS)) {
    const rates = await warmUpUntilSteady(() => rateOf(work, connections, pace.peerWarmUpMs));
    say(`warm after ${rates.length} times ${pace.peerWarmUpMs / 1_000} s: ${name}, ${rates.map(Math.round).join(", ")}/s`);
  }
  await warmUp(echoCases, pace.firstWarmUpMs);
  say("request and reply: the sum of two numbers");
  const measuredSums = await measureRounds(CONNECTIONS.flatMap(of), pace, say);
  say("request and reply: an echo");
  const measuredEchoes = await measureRounds(echoCases, pace, say);
  say(`request and reply: ${OPEN_RATE_PER_SECOND} a second, whether they are answered or not`);
  return { sums: measuredSums, echoes: measuredEchoes, open: await measureOpen(sums, pace) };
};

const measureAccepting = (kafka: MeasuredKafka, pace: RoundsPace, say: (line: string) => void) =>
  duringLifetimes(
    [startNaivePeer(kafka, { withConsumer: false }), startBenchStack({ kafkaBrokers: kafka.brokers })],
    async ([naive, stack]) => {
      const own = createTargets(stack).accept;
      const cases: Case<AcceptName>[] = [
        { name: "rejoinder", work: own, connections: MIDDLE_CONNECTIONS },
        { name: "naive", work: { ...post(naive.url, "/requests", ECHO), status: 202 }, connections: MIDDLE_CONNECTIONS },
      ];
      await warmUp(cases, pace.firstWarmUpMs);
      say("accepting");
      const accepts = await measureRounds(cases, pace, say);
      const wakeUps: WakeUp[] = [];
      for (let round = 0; round < pace.rounds; round++)
        wakeUps.push(await measureWakeUp(stack, own, Math.ceil(pace.wakeUps / pace.rounds)));
      return { accepts, wakeUps };
    },
  );

const rateOf = async (work: Case["work"], connections: number, measureMs: number): Promise<number> =>
  (await measureLoad(work, { connections, warmUpMs: 0, measureMs })).ratePerSecond;

/** In turn, as the closed loops. */
const measureOpen = async (sums: Contestants["sums"], { rounds, openLoopMs }: RoundsPace): Promise<OpenRounds[]> => {
  const options = { ratePerSecond: OPEN_RATE_PER_SECOND, callers: OPEN_CALLERS, warmUpMs: OPEN_WARM_UP_MS, measureMs: openLoopMs };
  const open = CONTESTANTS.map((name) => ({ name, rounds: [] as OpenMeasurement[] }));
  for (let round = 0; round < rounds; round++)
    for (const { name, rounds: measured } of open) measured.push(await measureOpenLoop(sums[name], options));
  return open;
};
