import { CLUSTER_TAKES, startCluster } from "../kafka/cluster.ts";
import { measureIfStarted } from "../processes.ts";
import type { Section } from "../result.ts";
import { PRICES, summarizeBills } from "./bill.ts";
import { measureUsage } from "./usage.ts";

/** What Cloudflare bills for a request and its reply. */
export const costsSection: Section = {
  conditions: () => ({ mailboxShards: 1, prices: PRICES }),
  async measure(pace, say) {
    const onKafka = await measureIfStarted("costs on Kafka", CLUSTER_TAKES, say, async () => {
      await using cluster = await startCluster();
      say("counting what Cloudflare bills");
      return [summarizeBills(cluster.name, await measureUsage({ kafkaBrokers: cluster.brokers }, pace, say))];
    });
    return onKafka.length > 0 ? onKafka : [summarizeBills("the embedded engine", await measureUsage({ fsync: "os" }, pace, say))];
  },
};
