import { CLUSTER_TAKES, startCluster } from "../kafka/cluster.ts";
import type { Pace } from "../pace.ts";
import { OWN, OWN_LOG, PARTITIONS } from "../peers/contestants.ts";
import { measureIfStarted, type StackLog, type StackOptions } from "../processes.ts";
import { isLinux } from "../process-figures.ts";
import type { Result, Say, Section } from "../result.ts";
import { measureOutstanding, summarizeOutstanding } from "./outstanding.ts";

/** How many the path lets wait at once, and what that takes. */
export const capacitySection: Section = {
  conditions: () => ({
    mailboxShards: 4,
    memory: "PSS, summed: the Worker's process, workerd, gateway, consumer; neither broker nor load generator",
  }),
  async measure(pace, say) {
    if (!isLinux) {
      say("NOT MEASURED: requests that wait at once. It takes Linux, which tells how much memory several processes hold together.");
      return [];
    }
    const embedded = [
      await measure("embedded, Node", OWN_LOG, { host: "node" }, pace, say),
      await measure("embedded, workerd", OWN_LOG, {}, pace, say),
    ];
    const onKafka = await measureIfStarted("on Kafka: requests that wait at once", CLUSTER_TAKES, say, async () => {
      await using cluster = await startCluster();
      const results: Result[] = [];
      for (const [name, options] of Object.entries(OWN)) {
        const topic = `outstanding-${name}`;
        await cluster.createTopic(topic, PARTITIONS);
        results.push(await measure(`on Kafka, ${name}`, { kafkaBrokers: cluster.brokers }, { ...options, topic }, pace, say));
      }
      return results;
    });
    return [...embedded, ...onKafka];
  },
};

const measure = async (on: string, log: StackLog, options: StackOptions, pace: Pace, say: Say): Promise<Result> => {
  say(`measuring ${pace.outstanding.toLocaleString("en")} requests that wait at once: ${on}`);
  return summarizeOutstanding(on, options.host ?? "workerd", await measureOutstanding(log, options, pace));
};
