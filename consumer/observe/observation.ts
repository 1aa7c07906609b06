import { type MetricsAddress, type Page, startMetricsServer } from "../../environment/metrics-server.ts";
import { VERSION } from "../../protocol/version.ts";
import { createConsumerMetrics } from "./metrics.ts";
import type { ConsumerObserver } from "./observer.ts";
import { createReadiness, type Readiness } from "./readiness.ts";

/** What is known of a consumer, for whoever asks by HTTP. */
export type Observation = Pick<Readiness, "joined" | "draining"> & {
  readonly observer: ConsumerObserver;
  /** Without a slash at the end. */
  readonly url: string;
};

/**
 * Serves `/health`, `/ready` and `/metrics` of a consumer until the process ends. Rejects if the port is taken.
 * @param operations that it handles
 * @param aggregates whose commands it decides
 */
export const startObservation = async (
  address: MetricsAddress,
  operations: readonly string[],
  aggregates: readonly string[] = [],
): Promise<Observation> => {
  const { joined, draining, workerReached, problems } = createReadiness();
  const { page, ...metrics } = createConsumerMetrics({ operations, aggregates, problems });
  const { url } = await startMetricsServer(address, {
    // A consumer that breaks ends its process, so who answers is well.
    "/health": () => statePage("ok", []),
    "/ready": () => statePage("ready", problems()),
    "/metrics": page,
  });
  return { observer: { ...metrics, workerReached }, url, joined, draining };
};

const statePage = (status: string, problems: readonly string[]): Page => ({
  status: problems.length === 0 ? 200 : 503,
  contentType: "application/json",
  text: JSON.stringify(problems.length === 0 ? { status, version: VERSION } : { status: `not ${status}`, version: VERSION, problems }),
});
