import { versionOf } from "../conditions.ts";
import { withEachFsync } from "../fsync.ts";
import type { Section } from "../section.ts";
import { findMismeasured } from "../littles-law.ts";
import { summarize } from "./results.ts";
import { runSuite } from "./suite.ts";
import { formatResult } from "./table.ts";
import { payloadBytes } from "./targets.ts";

/** The main path: what a request costs on its way through Worker, gateway and consumer. */
export const pathSection: Section = {
  conditions: () => ({
    miniflare: versionOf("miniflare"),
    workerd: versionOf("workerd"),
    engine: "embedded",
    mailboxShards: 1,
    payloadBytes: payloadBytes(),
  }),
  measure: (pace, say) =>
    withEachFsync("the main path", say, async (fsync) => {
      const suite = await runSuite(fsync, pace, say);
      const result = summarize(suite);
      return {
        result,
        text: formatResult(result),
        mismeasured: findMismeasured([...suite.withoutConsumer, ...suite.withConsumer], `fsync ${fsync}`),
      };
    }),
};
