import { CLUSTER_TAKES, startCluster } from "../kafka/cluster.ts";
import { measureIfStarted } from "../processes.ts";
import { isLinux } from "../process-figures.ts";
import type { Section } from "../result.ts";
import { PRICES, summarizeBills } from "./bill.ts";
import { measureCpuTime } from "./cpu-time.ts";
import { measureUsage } from "./usage.ts";

/** What one request and its reply cost: processor time of each process, and what Cloudflare bills. */
export const costsSection: Section = {
  conditions: () => ({ mailboxShards: 1, prices: PRICES, processorTime: "schedstat of all threads, before and after each measurement" }),
  async measure(pace, say) {
    const onKafka = await measureIfStarted("costs on Kafka", CLUSTER_TAKES, say, async () => {
      await using cluster = await startCluster();
      say("measuring processor time by process, and counting what Cloudflare bills");
      if (!isLinux) say("NOT MEASURED: processor time by process. It takes Linux, which tells what each thread has used.");
      const cpuTime = isLinux ? [await measureCpuTime(cluster, pace, say)] : [];
      return [...cpuTime, summarizeBills(cluster.name, await measureUsage({ kafkaBrokers: cluster.brokers }, pace, say))];
    });
    return onKafka.length > 0 ? onKafka : [summarizeBills("the embedded engine", await measureUsage({ fsync: "os" }, pace, say))];
  },
};
