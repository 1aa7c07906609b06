import { PartFailedError } from "../../cli/part.ts";
import { versionOf } from "../conditions.ts";
import type { Section } from "../section.ts";
import { findMismeasured } from "../littles-law.ts";
import { FLOOD_CONNECTIONS, FLOOD_RETENTION_BYTES } from "../gateway/flood.ts";
import { readOtherProxy } from "./other-proxy.ts";
import { summarize } from "./results.ts";
import { runSuite } from "./suite.ts";
import { formatResult } from "./table.ts";

/** The gateway on a Kafka cluster, beside what the native client alone can do. */
export const kafkaSection: Section = {
  conditions: () => ({
    client: `@platformatic/kafka ${versionOf("@platformatic/kafka")}`,
    acks: "all",
    otherProxy: readOtherProxy(process.env)?.name ?? "none",
    flood: { connections: FLOOD_CONNECTIONS, retentionBytes: FLOOD_RETENTION_BYTES },
  }),
  async measure(pace, say) {
    say("measuring the gateway on Kafka");
    const suite = await runSuite(readOtherProxy(process.env), pace, say).catch((error: unknown) => {
      if (!(error instanceof PartFailedError)) throw error;
      say(`NOT MEASURED on Kafka: ${error.message}. It takes Java 17 and Maven, or KAFKA_BROKERS.`);
    });
    if (suite === undefined) return [];
    const result = summarize(suite);
    const flood = { name: "flood", connections: FLOOD_CONNECTIONS, rounds: [suite.flood.load], arithmeticMs: [] };
    return [
      {
        result,
        text: formatResult(result),
        mismeasured: findMismeasured([...suite.produces, flood], "on Kafka"),
      },
    ];
  },
};
