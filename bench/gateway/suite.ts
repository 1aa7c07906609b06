import { Client } from "undici";
import type { Fsync } from "../fsync.ts";
import { duringLifetime } from "../lifetime.ts";
import { type Answer, exchange, measureLoad, type Target, type Work } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type Case, type CaseRounds, measureRounds } from "../rounds.ts";
import { type BareAnswers, toBareAnswer } from "./bare-answers.ts";
import { startBareProcess } from "./bare-process.ts";
import { fillTopic, type FilledTopic } from "./filled-topic.ts";
import { type Flood, FLOOD_RETENTION_BYTES, runFlood } from "./flood.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { createConsumption, createLargePosts, createSmallPosts, createWaitingConsume, LARGE, type Server } from "./requests.ts";
import { measureWakeUp, type WakeUpSample } from "./wake-up.ts";

/** `consume` is one consume and one commit. */
export type WorkName = "produce" | "produce 100" | "consume";

export type CaseName = WorkName | `bare ${WorkName}`;

/** Everything that was measured with one fsync setting. */
export type SuiteResult = {
  readonly fsync: Fsync;
  readonly cases: readonly CaseRounds<CaseName>[];
  /** How many records a unit of the work moves. */
  readonly recordsOf: Readonly<Record<WorkName, number>>;
  readonly wakeUps: readonly WakeUpSample[];
  readonly flood: Flood;
};

const FLOOD_VARIABLES = { GATEWAY_RETENTION_BYTES: String(FLOOD_RETENTION_BYTES) };

/** What is compared, in the order of the table. */
export const COMPARISONS: readonly { readonly name: WorkName; readonly connections: number }[] = [
  { name: "produce", connections: 1 },
  { name: "produce", connections: 32 },
  { name: "produce 100", connections: 4 },
  { name: "consume", connections: 1 },
];

/** Measures with one fsync setting, on a gateway for all that is compared with a bare server, and on another that is flooded. */
export const runSuite = async (fsync: Fsync, pace: Pace, say: (line: string) => void): Promise<SuiteResult> => {
  const compared = await duringLifetime(startGatewayProcess(fsync), async (gateway) => {
    const filled = await fillTopic(gateway, pace.consumedPosts);
    const works = createWorks(() => gateway, filled);
    await warmUp(works, pace);
    return duringLifetime(startBareProcess(await readAnswers(gateway, works, filled)), async ({ urls }) => {
      const bare = (name: WorkName | "empty"): Server => ({ ...gateway, url: urls[name] });
      const bareWorks = createWorks(bare, filled);
      await warmUp(bareWorks, pace);
      const cases = COMPARISONS.flatMap(({ name, connections }): Case<CaseName>[] => [
        { name, work: works[name], connections },
        { name: `bare ${name}`, work: bareWorks[name], connections },
      ]);
      return {
        cases: await measureRounds(cases, pace, say),
        recordsOf: { produce: 1, "produce 100": LARGE, consume: filled.records / filled.batches },
        wakeUps: await measureWakeUp({ gateway, bareProduce: bare("produce"), bareEmpty: bare("empty") }, pace.wakeUps),
      };
    });
  });
  say(`flood of ${pace.floodMs / 1_000} s`);
  return { fsync, ...compared, flood: await runFlood(startGatewayProcess(fsync, FLOOD_VARIABLES), pace.floodMs) };
};

type Works = Readonly<Record<WorkName, Work>>;

const createWorks = (serverOf: (name: WorkName) => Server, { topic, batches }: FilledTopic): Works => ({
  produce: createSmallPosts(serverOf("produce")),
  "produce 100": createLargePosts(serverOf("produce 100")),
  consume: createConsumption(serverOf("consume"), { topic, group: "taking", batches }),
});

const warmUp = async (works: Works, { firstWarmUpMs }: Pace): Promise<void> => {
  for (const { name, connections } of COMPARISONS) await measureLoad(works[name], { connections, warmUpMs: 0, measureMs: firstWarmUpMs });
};

/** What the gateway really answers, after the warm-up, so that offsets have as many digits as in what is measured. */
const readAnswers = async (
  gateway: Server,
  works: Works,
  { batch, commit }: FilledTopic,
): Promise<Record<WorkName | "empty", BareAnswers>> => {
  const answerTo = async ([target]: readonly Target[]) => toBareAnswer(await readAnswer(target as Target));
  return {
    produce: { produce: await answerTo(works.produce.next()) },
    "produce 100": { produce: await answerTo(works["produce 100"].next()) },
    consume: { consume: toBareAnswer(batch), commit: toBareAnswer(commit) },
    empty: { consume: await answerTo([createWaitingConsume(gateway, 0)]) },
  };
};

const readAnswer = async (target: Target): Promise<Answer> => {
  const client = new Client(target.origin);
  try {
    return await exchange(client, target, { keepBody: true });
  } finally {
    await client.destroy();
  }
};
