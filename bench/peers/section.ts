import { availableParallelism } from "node:os";
import { type Case, findMismeasured, measureCases, steadinessOf, tableOf, warmUp, warmUpUntilSteady } from "../cases.ts";
import { readMavenVersions } from "../conditions.ts";
import { type Cluster, startCluster } from "../kafka/cluster.ts";
import { type Calls, measureLoad, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { measureIfStarted, startStack, startTogether } from "../processes.ts";
import { createTargets, ECHO, expectAnswer, post, SUM, SUM_REPLY } from "../requests.ts";
import type { Say, Section } from "../result.ts";
import { measureWakeUp } from "../wake-up.ts";
import { startEdgePeer, startNaivePeer } from "../workerd.ts";
import { calculateRatios, goalsOf, plotRates } from "./ratios.ts";
import { startRawRoundTrip } from "./raw.ts";
import { startSpringPeer } from "./spring/peer.ts";

/** The whole path beside what people would use instead, and beside the least that there can be. */
export const peersSection: Section = {
  conditions: () => ({
    ...readMavenVersions(),
    durability: "acks=all; one node, one replica, which writes to the disk when the system sees fit; embedded: GATEWAY_FSYNC=os",
    spring: "requester and responder a JVM each, 512 MiB; linger.ms 0 and 5; Tomcat keeps its connections",
    raw: "request topic and reply topic, a partition each; the requester is the load generator's process, the responder one of its own",
  }),
  measure: (pace, say) =>
    measureIfStarted("side by side", "a JDK of Java 17 and Maven", say, async () => {
      say("measuring side by side");
      await using cluster = await startCluster();
      const sums = await measureReplies(cluster, pace, say);
      const { accepts, wakeUpsMs } = await measureAccepting(cluster, pace, say);
      const ratios = calculateRatios({ sums, accepts, wakeUpsMs });
      const { kafka, springBoot } = readMavenVersions();
      const where = `${availableParallelism()} cores for everything, load generator included`;
      return [
        {
          name: `side by side, on ${cluster.name}, acks=all`,
          tables: [tableOf("the sum of two numbers, and its reply", sums), tableOf("accepting only", accepts)],
          arithmeticMs: steadinessOf([...sums, ...accepts]),
          ratios,
          goals: goalsOf(ratios, sums),
          mismeasured: findMismeasured([...sums, ...accepts], "side by side"),
          plot: plotRates(sums, `${where}; Apache Kafka ${kafka} on one node, acks=all; Spring Boot ${springBoot}.`),
        },
      ];
    }),
};

/** Of what is measured under one load only. */
const MIDDLE_CONNECTIONS = 32;

const measureReplies = async (cluster: Cluster, pace: Pace, say: Say) => {
  await using contestants = await startContestants(cluster);
  const works = Object.entries(contestants.works);
  for (const [name, work] of works) {
    const options = { connections: MIDDLE_CONNECTIONS, warmUpMs: 0, measureMs: pace.peerWarmUpMs };
    const rates = await warmUpUntilSteady(async () => (await measureLoad(work, options)).ratePerSecond);
    say(`warm after ${rates.length} times ${pace.peerWarmUpMs / 1_000} s: ${name}, ${rates.map(Math.round).join(", ")}/s`);
  }
  const all = [1, MIDDLE_CONNECTIONS, 128].flatMap((connections) => works.map(([name, work]): Case => ({ name, work, connections })));
  return await measureCases(all, pace, say);
};

/** Starts everything that answers a request for a sum, each in its own way, and has each answer once. @throws Error if an answer is wrong */
const startContestants = async (cluster: Cluster) => {
  // One after the other: the first has Maven build what the second runs too.
  const firstSpring = startSpringPeer(cluster, 0);
  const together = await startTogether([
    firstSpring,
    firstSpring.then(() => startSpringPeer(cluster, 5)),
    startRawRoundTrip(cluster),
    startEdgePeer(),
    startStack({ kafkaBrokers: cluster.brokers }),
    startStack({ fsync: "os" }),
  ]);
  const [spring0, spring5, raw, edge, stack, embedded] = together.started;
  const http = {
    rejoinder: createTargets(stack)["request-reply"],
    "spring linger 0": post(spring0.url, "/sum", SUM),
    "spring linger 5": post(spring5.url, "/sum", SUM),
    edge: post(edge.url, "/", SUM),
    embedded: createTargets(embedded)["request-reply"],
  };
  try {
    for (const target of Object.values(http)) await expectAnswer(target, SUM_REPLY);
  } catch (error) {
    await together[Symbol.asyncDispose]();
    throw error;
  }
  const works: Readonly<Record<string, Target | Calls>> = { ...http, raw: raw.calls };
  return { ...together, works };
};

/** Accepting without anybody who replies, which leaves a backlog. */
const measureAccepting = async (cluster: Cluster, pace: Pace, say: Say) => {
  const stackStarting = startStack({ kafkaBrokers: cluster.brokers }, { withConsumer: false });
  await using together = await startTogether([startNaivePeer(cluster), stackStarting]);
  const [naive, stack] = together.started;
  const connections = MIDDLE_CONNECTIONS;
  const cases: readonly Case[] = [
    { name: "rejoinder", work: createTargets(stack).accept, connections, beside: { naive: "naive" } },
    { name: "naive", work: post(naive.url, "/requests", ECHO, { status: 202 }), connections },
  ];
  await warmUp(cases, pace.firstWarmUpMs);
  const accepts = await measureCases(cases, pace, say);
  const wakeUpsMs: number[] = [];
  while (wakeUpsMs.length < pace.rounds) wakeUpsMs.push((await measureWakeUp(stack, Math.ceil(pace.wakeUps / pace.rounds))).wakeUpMs);
  return { accepts, wakeUpsMs };
};
