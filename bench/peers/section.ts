import { availableParallelism } from "node:os";
import { findMismeasured, measureCases, steadinessOf } from "../cases.ts";
import { readMavenVersions } from "../conditions.ts";
import { type Cluster, startCluster } from "../kafka/cluster.ts";
import type { Pace } from "../pace.ts";
import { measureIfStarted, startTogether } from "../processes.ts";
import { tableOfProcessorTime } from "../processor-time.ts";
import type { Say, Section } from "../result.ts";
import { measureWakeUp } from "../wake-up.ts";
import { casesOf, CONNECTIONS, type OwnName, startContestants, startOwn, warmContestants } from "./contestants.ts";
import { calculateRatios, goalsOf, type MeasuredPeers, plotRates, tablesOf } from "./ratios.ts";

/** The whole path beside what people would use instead, and beside the least that there can be. */
export const peersSection: Section = {
  conditions: () => ({
    ...readMavenVersions(),
    durability:
      "acks=all; one node, one replica, which writes to the disk when the system sees fit; statuses as by default; embedded: GATEWAY_FSYNC=os",
    spring: "requester and responder a JVM each, 512 MiB; linger.ms 0, and 5 under load; Tomcat keeps its connections",
    raw: "request topic and reply topic, a partition each; the requester is the load generator's process, the responder one of its own",
    processorTime: "schedstat of all threads, before and after each measurement",
  }),
  measure: (pace, say) =>
    measureIfStarted("side by side", "a JDK of Java 17 and Maven", say, async () => {
      say("measuring side by side");
      await using cluster = await startCluster();
      const sums = await measureReplies(cluster, pace, say);
      say("measuring wake-ups");
      const ratios = calculateRatios({ sums, wakeUpsMs: await measureWakeUps(cluster, pace) });
      const { kafka, springBoot } = readMavenVersions();
      const where = `${availableParallelism()} cores for everything, load generator included`;
      const times = CONNECTIONS.map((at) =>
        tableOfProcessorTime(
          `processor, µs a request at ${at}`,
          sums.filter(({ connections }) => connections === at),
        ),
      );
      return [
        {
          name: `the sum of two numbers and its reply, side by side, on ${cluster.name}, acks=all`,
          tables: [...tablesOf(sums), ...times.filter(({ lines }) => lines.length > 0)],
          arithmeticMs: steadinessOf(sums),
          ratios,
          goals: goalsOf(ratios),
          mismeasured: findMismeasured(sums, "side by side"),
          plot: plotRates(sums, `${where}; Apache Kafka ${kafka} on one node, acks=all; Spring Boot ${springBoot}.`),
        },
      ];
    }),
};

const measureReplies = async (cluster: Cluster, pace: Pace, say: Say) => {
  await using contestants = await startContestants(cluster);
  await warmContestants(contestants.all, pace, say);
  return await measureCases(casesOf(contestants.all), { ...pace, measureMs: pace.peerMeasureMs }, say);
};

/** On stacks of their own, where nobody replies but the bench, and nobody else uses the processor. */
const measureWakeUps = async (cluster: Cluster, { rounds, wakeUps }: Pace): Promise<MeasuredPeers["wakeUpsMs"]> => {
  const start = (name: OwnName) => startOwn(name, cluster, { withConsumer: false });
  await using stacks = await startTogether([start("node"), start("rest")]);
  const [node, workerd] = stacks.started;
  const samples = Math.ceil(wakeUps / rounds);
  const measured: { node: number[]; workerd: number[] } = { node: [], workerd: [] };
  for (let round = 0; round < rounds; round++) {
    measured.node.push(await measureWakeUp(node, samples));
    measured.workerd.push(await measureWakeUp(workerd, samples));
  }
  return measured;
};
