import { type Case, findMismeasured, measureCases, type MeasuredCase, ratioOf, roundsOf, steadinessOf, tableOf, warmUp } from "../cases.ts";
import { ask, connect, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { FSYNCS, type Fsync, type Server, startGateway } from "../processes.ts";
import { atLeast, atMost, type Goal, percentileOf, type Result, type Say, type Section, spreadOf, type Table } from "../result.ts";
import { timeRequests, timeWakeUp } from "../wake-up.ts";
import { startBareServer, toBareAnswer } from "./bare-server.ts";
import { type Flood, FLOOD_VARIABLES, runFlood, tableOfFlood } from "./flood.ts";
import { createConsumption, createPosts, createWaitingConsume, fillTopic, LARGE, takeTopic, TOPICS, TOPICS_TO_MAKE } from "./requests.ts";

/** The gateway alone, beside a server that does nothing but answer the same bytes. */
export const gatewaySection: Section = {
  conditions: () => ({ engine: "embedded", topics: TOPICS_TO_MAKE, flood: FLOOD_VARIABLES }),
  async measure(pace, say) {
    const results: Result[] = [];
    for (const fsync of FSYNCS) {
      say(`measuring the gateway with fsync ${fsync}`);
      const { cases, wakeUp } = await compareWithBare(fsync, pace, say);
      say(`flood of ${pace.floodMs / 1_000} s`);
      await using flooded = await startGateway({ fsync }, TOPICS_TO_MAKE, FLOOD_VARIABLES);
      const flood = await runFlood(flooded, pace.floodMs);
      results.push({
        name: `the gateway alone, fsync ${fsync}`,
        tables: [tableOf("beside the bare server", cases), wakeUp, tableOfFlood(flood)],
        arithmeticMs: steadinessOf(cases),
        goals: goalsOf(fsync, cases, flood),
        mismeasured: findMismeasured([...cases, flood.load], `fsync ${fsync}`),
      });
    }
    return results;
  },
};

const compareWithBare = async (fsync: Fsync, pace: Pace, say: Say) => {
  await using gateway = await startGateway({ fsync }, TOPICS_TO_MAKE);
  const filled = await readFilledTopic(gateway, pace.consumedPosts);
  const own = createCases(() => gateway, filled);
  await warmUp(own, pace.firstWarmUpMs);
  await using bare = await startBareServer(await readAnswers(gateway, filled));
  const at = (name: keyof typeof bare.urls): Server => ({ ...gateway, url: bare.urls[name] });
  const bareCases = createCases(at, filled).map((one): Case => ({ ...one, name: `bare ${one.name}` }));
  await warmUp(bareCases, pace.firstWarmUpMs);
  const cases = own.flatMap((one, index): Case[] => [{ ...one, beside: { bare: `bare ${one.name}` } }, bareCases[index] ?? one]);
  return { cases: await measureCases(cases, pace, say), wakeUp: await measureWakeUp(gateway, at("empty"), pace.wakeUps) };
};

const readFilledTopic = async (gateway: Server, posts: number) => {
  const records = await fillTopic(gateway, posts);
  const taken = [];
  for await (const batch of takeTopic(gateway, "filling", records)) taken.push(batch);
  return { records, batches: taken.length, middle: taken[Math.floor(taken.length / 2)] as (typeof taken)[number] };
};

type FilledTopic = Awaited<ReturnType<typeof readFilledTopic>>;

/** `consume` is one consume and one commit. */
const createCases = (at: (name: "produce" | "produce 100" | "consume") => Server, { records, batches }: FilledTopic): readonly Case[] => {
  const produce = { name: "produce", work: createPosts(at("produce"), 1), records: 1 };
  const consumption = createConsumption(at("consume"), { topic: TOPICS.filled, group: "taking", batches });
  return [
    { ...produce, connections: 1 },
    { ...produce, connections: 32 },
    { name: "produce 100", work: createPosts(at("produce 100"), LARGE), records: LARGE, connections: 4 },
    { name: "consume", work: consumption, records: records / batches, connections: 1 },
  ];
};

/** What the gateway really answers, read after the warm-up, so that offsets have as many digits as in what is measured. */
const readAnswers = async (gateway: Server, { middle: { batch, commit } }: FilledTopic) => {
  const produced = async (records: number) => {
    const [target] = createPosts(gateway, records).next() as readonly [Target];
    return { produce: toBareAnswer(await ask(target)) };
  };
  return {
    produce: await produced(1),
    "produce 100": await produced(LARGE),
    consume: { consume: toBareAnswer(batch), commit: toBareAnswer(commit) },
    empty: { consume: toBareAnswer(await ask(createWaitingConsume(gateway, 0))) },
  };
};

/** What waits for the disk has only the goal for memory: how fast the disk is, is not the gateway's merit. */
const goalsOf = (fsync: Fsync, cases: readonly MeasuredCase[], { memory }: Flood): readonly Goal[] => {
  const produce = ratioOf(cases, { connections: 32, of: "produce", to: "bare produce" });
  const records = spreadOf(roundsOf(cases, "produce 100", 4).map(({ ratePerSecond }) => ratePerSecond * LARGE));
  const fast = [
    atLeast("produce rate ÷ bare rate, 32 connections", 0.5, produce, "×"),
    atLeast("100 records a post", 50_000, records, "records/s"),
  ];
  return [...(fsync === "os" ? fast : []), atMost("flood: memory at the end ÷ second window", 1.1, memory.lastToSecond, "×")];
};

const WAKE_UP_WARM_UPS = 30;
const LONGEST_WAIT_MS = 10_000;

/** The wake-up is at best as long as one produce and one empty exchange together. @param bare has nothing to be consumed */
const measureWakeUp = async (gateway: Server, bare: Server, samples: number): Promise<Table> => {
  await using consumer = connect(gateway.url);
  await using producer = connect(gateway.url);
  await using bareConsumer = connect(bare.url);
  const waits = createWaitingConsume(gateway, LONGEST_WAIT_MS);
  const wakes = createPosts(gateway, 1, TOPICS.quiet);
  const emptyConsume = createWaitingConsume(bare, LONGEST_WAIT_MS);
  const posts = createPosts(gateway, 1);
  const [wakeUps, produces, empties]: [number[], number[], number[]] = [[], [], []];
  while (wakeUps.length < WAKE_UP_WARM_UPS + samples) {
    empties.push(await timeRequests(bareConsumer, [emptyConsume]));
    produces.push(await timeRequests(producer, posts.next()));
    const wake = () => timeRequests(producer, wakes.next());
    wakeUps.push(await timeWakeUp(consumer, waits, wake, `"topic":"${TOPICS.quiet}"`));
  }
  const line = (name: string, all: readonly number[]) => {
    const ms = all.slice(WAKE_UP_WARM_UPS);
    return { name, numbers: { "p50 µs": percentileOf(ms, 50) * 1_000, "p99 µs": percentileOf(ms, 99) * 1_000 } };
  };
  const parts = [line("one produce for which nobody waits", produces), line("one empty exchange with the bare server", empties)];
  return { title: "wake-up of a waiting consume", lines: [line("produce sent → waiting consume answered", wakeUps), ...parts] };
};
