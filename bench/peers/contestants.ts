import { type Case, warmUpUntilSteady } from "../cases.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { type Calls, measureLoad, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type Stack, type StackLog, type StackOptions, startStack } from "../processes.ts";
import type { Processes } from "../processor-time.ts";
import { createTargets, expectAnswer, post, SUM, SUM_REPLY } from "../requests.ts";
import type { Say } from "../result.ts";
import { startEdgePeer } from "../workerd.ts";
import { startRawRoundTrip } from "./raw.ts";
import { startSpringPeer } from "./spring/peer.ts";

export const CONNECTIONS = [1, 32, 128] as const;
const MIDDLE_CONNECTIONS = 32;

/** Topics have as many partitions everywhere. */
export const PARTITIONS = 6;

/** Rejoinder, by where its Worker runs and how it produces. Each has a link to its consumer. */
export const OWN = {
  node: { host: "node" },
  native: { isDirect: true },
  rest: {},
} as const satisfies Readonly<Record<string, StackOptions>>;

export type OwnName = keyof typeof OWN;

/** The same on the gateway's own log, by the host of the Worker. */
const EMBEDDED: Readonly<Record<string, StackOptions>> = { "embedded, node": { host: "node" }, "embedded, workerd": {} };
/** As a broker does, it leaves it to the system when records reach the disk. */
export const OWN_LOG: StackLog = { fsync: "os" };

/** Starts one of them on a cluster. It shares the cluster with the others, and no topic. */
export const startOwn = async (name: OwnName, cluster: Cluster, options: StackOptions = {}): Promise<Stack> => {
  const topic = `requests-${name}${options.withConsumer === false ? "-alone" : ""}`;
  await cluster.createTopic(topic, PARTITIONS);
  return startStack({ kafkaBrokers: cluster.brokers }, { ...OWN[name], topic, ...options });
};

/** Something that answers a request for a sum. */
type Contestant = {
  readonly name: string;
  readonly work: Target | Calls;
  readonly processes: Processes;
  /** Where it is not all of {@link CONNECTIONS}. */
  readonly connections?: readonly number[];
};

/** Starts all that answer a request for a sum, each in its own way, and has each answer once. @throws Error if an answer is wrong */
export const startContestants = async (cluster: Cluster) => {
  await using cleanUp = new AsyncDisposableStack();
  // None if somebody else started the cluster.
  const broker: Processes = cluster.pids.length > 0 ? { broker: cluster.pids } : {};
  const own: Contestant[] = [];
  for (const name of Object.keys(OWN) as OwnName[]) own.push(contestantOf(name, cleanUp.use(await startOwn(name, cluster)), broker));
  for (const [name, options] of Object.entries(EMBEDDED)) own.push(contestantOf(name, cleanUp.use(await startStack(OWN_LOG, options)), {}));
  const springs: Contestant[] = [];
  // To linger only adds to what one caller waits for.
  for (const { lingerMs, connections } of [{ lingerMs: 0 }, { lingerMs: 5, connections: [32, 128] }]) {
    const { url, ready } = cleanUp.use(await startSpringPeer(cluster, lingerMs));
    const [requester, responder] = ready["pids"] as [number, number];
    const processes = { "load generator": [process.pid], front: [requester], consumer: [responder], ...broker };
    springs.push({ name: `spring linger ${lingerMs}`, work: post(url, "/sum", SUM), processes, ...(connections && { connections }) });
  }
  const raw = cleanUp.use(await startRawRoundTrip(cluster));
  const edge = cleanUp.use(await startEdgePeer());
  const floors: readonly Contestant[] = [
    {
      name: "raw",
      work: raw.calls,
      processes: { "load generator": [process.pid], consumer: [raw.pid], ...broker },
    },
    {
      name: "edge",
      work: post(edge.url, "/", SUM),
      processes: { "load generator": [process.pid], front: [Number(edge.ready["workerdPid"])] },
    },
  ];
  const all = [...own, ...springs, ...floors];
  for (const { work } of all) if (!("open" in work)) await expectAnswer(work, SUM_REPLY);
  const started = cleanUp.move();
  return { all, [Symbol.asyncDispose]: () => started.disposeAsync() };
};

const contestantOf = (name: string, stack: Stack, others: Processes): Contestant => {
  const { worker = 0, workerd, gateway, consumer = 0 } = stack.pids;
  const processes = {
    "load generator": [process.pid],
    front: workerd === undefined ? [worker] : [worker, workerd],
    ...(gateway !== undefined && { gateway: [gateway] }),
    consumer: [consumer],
    ...others,
  };
  return { name, work: createTargets(stack)["request-reply"], processes };
};

/** Warms each up until it is no faster; a JVM needs the longest. */
export const warmContestants = async (contestants: readonly Contestant[], { peerWarmUpMs }: Pace, say: Say): Promise<void> => {
  for (const { name, work } of contestants) {
    const options = { connections: MIDDLE_CONNECTIONS, warmUpMs: 0, measureMs: peerWarmUpMs };
    const rates = await warmUpUntilSteady(async () => (await measureLoad(work, options)).ratePerSecond);
    say(`warm after ${rates.length} times ${peerWarmUpMs / 1_000} s: ${name}, ${rates.map(Math.round).join(", ")}/s`);
  }
};

/** What is to be measured of them. */
export const casesOf = (contestants: readonly Contestant[]): readonly Case[] =>
  CONNECTIONS.flatMap((connections) =>
    contestants
      .filter((one) => one.connections?.includes(connections) ?? true)
      .map(({ name, work, processes }): Case => ({ name, work, processes, connections })),
  );
