import { withEachFsync } from "../fsync.ts";
import type { Section } from "../section.ts";
import { findMismeasured } from "../littles-law.ts";
import { FLOOD_CONNECTIONS, FLOOD_RETENTION_BYTES } from "./flood.ts";
import { PARTITIONS, payloadBytes } from "./requests.ts";
import { summarize } from "./results.ts";
import { runSuite } from "./suite.ts";
import { formatResult } from "./table.ts";

/** The gateway alone, beside a server that does nothing but answer the same bytes. */
export const gatewaySection: Section = {
  conditions: () => ({
    engine: "embedded",
    partitions: PARTITIONS,
    payloadBytes: payloadBytes(),
    flood: { connections: FLOOD_CONNECTIONS, retentionBytes: FLOOD_RETENTION_BYTES },
  }),
  measure: (pace, say) =>
    withEachFsync("the gateway", say, async (fsync) => {
      const suite = await runSuite(fsync, pace, say);
      const result = summarize(suite);
      const flood = { name: "flood", connections: FLOOD_CONNECTIONS, rounds: [suite.flood.load], arithmeticMs: [] };
      return { result, text: formatResult(result), mismeasured: findMismeasured([...suite.cases, flood], `fsync ${fsync}`) };
    }),
};
