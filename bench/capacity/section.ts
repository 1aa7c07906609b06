import { setTimeout as wait } from "node:timers/promises";
import { CLUSTER_TAKES, startCluster } from "../kafka/cluster.ts";
import { connect, type Connection, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { measureIfStarted, type Stack, startStack, startTogether } from "../processes.ts";
import { isLinux } from "../process-figures.ts";
import { createTargets, SUM_REPLY } from "../requests.ts";
import { type Line, ratioOfRounds, type Result, type Say, type Section, spreadOf } from "../result.ts";
import { measureWakeUp } from "../wake-up.ts";
import { measureOutstanding, summarizeOutstanding } from "./outstanding.ts";

/** What the path holds and how it grows: many who wait, and how it begins. */
export const capacitySection: Section = {
  conditions: () => ({
    engine: "embedded, fsync os, unless it says otherwise",
    memory: "PSS, summed: the Worker's process, workerd, gateway, consumer; neither broker nor load generator",
  }),
  async measure(pace, say) {
    const waiting = await measureWaiting(pace, say);
    say("measuring a wake-up, alone and in a crowd");
    const wakeUp = await measureCrowdedWakeUp(pace);
    say("measuring cold starts");
    return [...waiting, wakeUp, await measureColdStarts(pace)];
  },
};

const measureWaiting = async (pace: Pace, say: Say): Promise<readonly Result[]> => {
  const what = `${pace.outstanding.toLocaleString("en")} requests that wait at once`;
  if (!isLinux) {
    say(`NOT MEASURED: ${what}. It takes Linux, which tells how much memory several processes hold together.`);
    return [];
  }
  say(`measuring ${what}`);
  const embedded = summarizeOutstanding("embedded", await measureOutstanding({ fsync: "os" }, pace));
  const onKafka = await measureIfStarted(`on Kafka: ${what}`, CLUSTER_TAKES, say, async () => {
    await using cluster = await startCluster();
    return [summarizeOutstanding("on Kafka", await measureOutstanding({ kafkaBrokers: cluster.brokers }, pace))];
  });
  return [embedded, ...onKafka];
};

/** They wait at the same shard as the one who is woken. */
const CROWD = 999;

/** Wakes one caller, alone and on a second stack with a crowd that goes on waiting, in turn. */
const measureCrowdedWakeUp = async ({ rounds, wakeUps }: Pace): Promise<Result> => {
  const start = () => startStack({ fsync: "os" }, { withConsumer: false });
  await using stacks = await startTogether([start(), start()]);
  const [quiet, busy] = stacks.started;
  await using _ = await startCrowd(createTargets(busy).accept, CROWD);
  const [alone, crowded]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    alone.push((await measureWakeUp(quiet, Math.ceil(wakeUps / rounds))).wakeUpMs);
    crowded.push((await measureWakeUp(busy, Math.ceil(wakeUps / rounds))).wakeUpMs);
  }
  const lines: readonly Line[] = [
    { name: "alone", numbers: { ms: spreadOf(alone) } },
    { name: `beside ${CROWD} others at the same shard`, numbers: { ms: spreadOf(crowded), "÷ alone": ratioOfRounds(crowded, alone) } },
  ];
  return { name: "wake-up in a crowd", tables: [{ title: "reply sent → waiting GET answered − one Mailbox read", lines }] };
};

const PENDING = 202;
/** The longest that the Worker lets a caller wait; then each asks again. */
const PREFER = { prefer: "wait=25" };
/** Long enough for the last of them to have reached the Mailbox and wait there. */
const SETTLE_MS = 1_000;

const statusPathOf = (accepted: string): string => `/status/${(JSON.parse(accepted) as { readonly correlationId: string }).correlationId}`;

/** Callers who wait for replies that never come, each on a connection of its own. Disposing of them rejects if one of them could not wait. */
export const startCrowd = async (accept: Target, count: number): Promise<AsyncDisposable> => {
  const { origin } = accept;
  const clients = Array.from({ length: count }, () => connect(origin));
  const over = new AbortController();
  let failure: unknown;
  const paths = await Promise.all(clients.map(async (client) => statusPathOf((await client.ask(accept)).body)));
  const waitAt = async (client: Connection, path = ""): Promise<void> => {
    while (!over.signal.aborted) await client.send({ origin, method: "GET", path, headers: PREFER, status: PENDING });
  };
  // Those who are cut off when it is over have not failed.
  const note = (error: unknown) => (failure ??= over.signal.aborted ? undefined : error);
  for (const [index, client] of clients.entries()) void waitAt(client, paths[index]).catch(note);
  await wait(SETTLE_MS);
  return {
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
      if (failure !== undefined) throw failure;
    },
  };
};

/** Before a request counts as a later one, so that just-in-time compilers have seen their work. */
const WARM_UPS = 200;
const WARM_SAMPLES = 100;

/** Stops and starts the Worker again and again, while gateway and consumer go on. @throws Error at the first wrong answer */
export const measureColdStarts = async ({ rounds }: Pick<Pace, "rounds">): Promise<Result> => {
  await using stack = await startStack({ fsync: "os" });
  const [ready, first, later]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    ready.push(await stack.restartWorker());
    const sums = await timeSums(stack, 1 + WARM_UPS + WARM_SAMPLES);
    first.push(sums[0] ?? Number.NaN);
    later.push(spreadOf(sums.slice(1 + WARM_UPS)).median);
  }
  const answered = ready.map((ms, round) => ms + (first[round] ?? Number.NaN));
  const times = {
    "started → ready": ready,
    "started → first right answer": answered,
    "the first request and its reply": first,
    "a later one": later,
  };
  const lines = Object.entries(times).map(([name, values]): Line => ({ name, numbers: { ms: spreadOf(values) } }));
  return { name: "cold start of the Worker", tables: [{ title: "on the embedded engine", lines }] };
};

/** How many milliseconds each of so many sums takes, one after another on one connection, the first with connecting. */
const timeSums = async (stack: Stack, count: number): Promise<readonly number[]> => {
  const target = createTargets(stack)["request-reply"];
  await using client = connect(stack.workerUrl);
  const times: number[] = [];
  while (times.length < count) {
    const sent = performance.now();
    const { body } = await client.ask(target);
    times.push(performance.now() - sent);
    if (body !== JSON.stringify(SUM_REPLY)) throw new Error(`Expected ${JSON.stringify(SUM_REPLY)}, got ${body}`);
  }
  return times;
};
