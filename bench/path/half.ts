import { versionOf } from "../conditions.ts";
import type { Half } from "../half.ts";
import { findMismeasured } from "../littles-law.ts";
import { summarize } from "./results.ts";
import { runSuite } from "./suite.ts";
import { formatResult } from "./table.ts";
import { payloadBytes } from "./targets.ts";

/** The main path: what a request costs on its way through Worker, gateway and consumer. */
export const pathHalf: Half = {
  conditions: () => ({
    miniflare: versionOf("miniflare"),
    workerd: versionOf("workerd"),
    mailboxShards: 1,
    payloadBytes: payloadBytes(),
  }),
  async measure(fsync, pace, say) {
    const suite = await runSuite(fsync, pace, say);
    const result = summarize(suite);
    return {
      result,
      text: formatResult(result),
      mismeasured: findMismeasured([...suite.withoutConsumer, ...suite.withConsumer], fsync),
    };
  },
};
