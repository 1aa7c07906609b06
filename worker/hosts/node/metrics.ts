import { collectDefaultMetrics, Registry } from "prom-client";
import { countersOf, gaugeOf, histogramOf, metricsPage } from "../../../environment/metrics.ts";
import type { Page } from "../../../environment/metrics-server.ts";
import { OUTCOMES, type Outcome } from "../../../protocol/reply-event.ts";
import type { ProduceOutcome } from "../../producer.ts";

/** What is read when somebody asks. */
type Gauges = Readonly<Record<"waits" | "links" | "storageBytes", () => number>>;

/** The metrics of the host for Prometheus. Callers can choose no labels but routes that exist. */
export type Metrics = {
  /** @param path of the request @param status of HTTP */
  answered(path: string, status: number, seconds: number): void;
  produced(outcomes: readonly ProduceOutcome[]): void;
  replied(outcomes: readonly Outcome[]): void;
  synced(seconds: number): void;
  /** All metrics in Prometheus' text format. */
  read(): Promise<Page>;
};

const PREFIX = "rejoinder_worker_";
/** From a request that only goes into the log to the longest wait. */
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 25];

export const createMetrics = (gauges: Gauges): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const named = (name: string, help: string) => ({ name: PREFIX + name, help, registers: [registry] });
  const timed = (name: string, help: string) => ({ ...named(name, help), buckets: BUCKETS_SECONDS });
  const requests = histogramOf(
    ["route", "status"],
    timed("http_request_duration_seconds", "From a request to its response, waiting for the reply included, by route and HTTP status."),
  );
  const produced = countersOf(
    ["stored", "rejected", "unavailable", "unknown"] as const,
    named("produced_total", "Records, by what became of them."),
  );
  const replied = countersOf(OUTCOMES, named("replies_total", "Replies, by what became of them."));
  const synced = histogramOf([], timed("sync_duration_seconds", "How long the disk took to make replies durable."));
  gaugeOf(gauges.waits, named("waits", "Calls that wait for a reply."));
  gaugeOf(gauges.links, named("links", "Links of consumers that are open."));
  gaugeOf(gauges.storageBytes, named("storage_bytes", "Size of the file of statuses."));

  return {
    answered: (path, status, seconds) => requests.observe(seconds, routeOf(path), status),
    produced(outcomes) {
      for (const { outcome } of outcomes) produced[outcome].inc();
    },
    replied(outcomes) {
      for (const outcome of outcomes) replied[outcome].inc();
    },
    synced: (seconds) => synced.observe(seconds),
    read: () => metricsPage(registry),
  };
};

const ROUTES = [
  "/requests/",
  "/requests:batch",
  "/status/",
  "/replies",
  "/redrives",
  "/keys",
  "/link/",
  "/consumers",
  "/contract",
  "/health",
] as const;

/** The route of a path, without what callers put into it. */
const routeOf = (path: string): string => ROUTES.find((route) => path.startsWith(route)) ?? "other";
