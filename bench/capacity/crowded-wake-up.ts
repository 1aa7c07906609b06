import { duringLifetime, duringLifetimes } from "../lifetime.ts";
import type { Pace } from "../pace.ts";
import { startBenchStack } from "../path/stack.ts";
import { createTargets } from "../path/targets.ts";
import { measureWakeUp, type WakeUp } from "../path/wake-up.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { alignColumns, formatSpread } from "../table.ts";
import { startCrowd } from "./crowd.ts";

/** One round after another, in turn. */
export type WakeUpRounds = { readonly alone: readonly WakeUp[]; readonly crowded: readonly WakeUp[] };

/** In microseconds. */
export type CrowdedWakeUpResult = {
  readonly name: "wake-up";
  readonly others: number;
  readonly aloneUs: Spread;
  readonly crowdedUs: Spread;
  /** In the same round. */
  readonly crowdedToAlone: Spread;
};

/** They wait at the same shard as the one who is woken. */
export const CROWD = 999;

/** Wakes one caller, alone and on a second stack with a crowd that goes on waiting. */
export const measureCrowdedWakeUp = ({ rounds, wakeUps }: Pace): Promise<WakeUpRounds> =>
  duringLifetimes([startBenchStack({ fsync: "os" }), startBenchStack({ fsync: "os" })], async ([quiet, busy]) => {
    const [acceptQuiet, acceptBusy] = [createTargets(quiet).accept, createTargets(busy).accept];
    return duringLifetime(startCrowd(acceptBusy, CROWD), async () => {
      const [alone, crowded]: [WakeUp[], WakeUp[]] = [[], []];
      const samples = Math.ceil(wakeUps / rounds);
      for (let round = 0; round < rounds; round++) {
        alone.push(await measureWakeUp(quiet, acceptQuiet, samples));
        crowded.push(await measureWakeUp(busy, acceptBusy, samples));
      }
      return { alone, crowded };
    });
  });

export const summarizeCrowdedWakeUp = ({ alone, crowded }: WakeUpRounds): CrowdedWakeUpResult => ({
  name: "wake-up",
  others: CROWD,
  aloneUs: spreadOf(alone.map(({ wakeUpUs }) => wakeUpUs)),
  crowdedUs: spreadOf(crowded.map(({ wakeUpUs }) => wakeUpUs)),
  crowdedToAlone: spreadOf(crowded.map(({ wakeUpUs }, round) => wakeUpUs / (alone[round]?.wakeUpUs ?? Number.NaN))),
});

export const formatCrowdedWakeUp = ({ others, aloneUs, crowdedUs, crowdedToAlone }: CrowdedWakeUpResult): string =>
  alignColumns([
    ["wake-up: reply sent → waiting GET answered − one Mailbox read", "µs", "÷ alone"],
    ["  alone", formatSpread(aloneUs), "1"],
    [`  beside ${others} others who wait at the same shard`, formatSpread(crowdedUs), formatSpread(crowdedToAlone)],
  ]);
