import { availableParallelism } from "node:os";
import { PartFailedError } from "../../cli/part.ts";
import { versionOf } from "../conditions.ts";
import { findMismeasured } from "../littles-law.ts";
import { payloadBytes } from "../path/targets.ts";
import type { Section } from "../section.ts";
import { ECHO_BYTES } from "./contestants.ts";
import { POLL_MS } from "./naive/polling.ts";
import { plotRates } from "./plot.ts";
import { findUnkept, summarize } from "./results.ts";
import { LINGERS_MS } from "./spring/peer.ts";
import { runSuite } from "./suite.ts";
import { formatResult } from "./table.ts";
import { readPeerVersions } from "./versions.ts";

/** The whole path beside what people would use instead, and beside the least that there can be. */
export const peersSection: Section = {
  conditions: () => ({
    ...readPeerVersions(),
    workerd: versionOf("workerd"),
    client: `@platformatic/kafka ${versionOf("@platformatic/kafka")}`,
    payloadBytes: { sum: payloadBytes().sumRequest, accept: payloadBytes().acceptRequest, echo: ECHO_BYTES },
    durability: "acks=all; one node, one replica, which writes to the disk when the system sees fit; embedded: GATEWAY_FSYNC=os",
    spring: `requester and responder a JVM each, 512 MiB; linger.ms ${LINGERS_MS.join(" and ")}; Tomcat keeps its connections`,
    naive: `a Worker that produces by fetch, KV in memory on this machine, polled every ${POLL_MS} ms`,
    raw: "request topic and reply topic, a partition each; the requester is the load generator's process, the responder one of its own",
  }),
  async measure(pace, say) {
    say("measuring side by side");
    const suite = await runSuite(pace, say).catch((error: unknown) => {
      if (!(error instanceof PartFailedError)) throw error;
      say(`NOT MEASURED side by side: ${error.message}. It takes a JDK of Java 17 and Maven.`);
    });
    if (suite === undefined) return [];
    const result = summarize(suite);
    return [
      {
        result,
        text: formatResult(result),
        ratios: result.ratios,
        plot: plotRates(result.sums, formatConditions()),
        mismeasured: [...findMismeasured([...suite.sums, ...suite.echoes, ...suite.accepts], "side by side"), ...findUnkept(result.open)],
      },
    ];
  },
};

/** What one must know at least of the numbers in a picture. */
const formatConditions = (): string => {
  const { kafka, springBoot } = readPeerVersions();
  const where = `${availableParallelism()} cores for everything, load generator included`;
  return `${where}; Apache Kafka ${kafka} on one node, acks=all; Spring Boot ${springBoot}.`;
};
