import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
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
  read(): Promise<{ readonly contentType: string; readonly text: string }>;
};

const PREFIX = "rejoinder_worker_";
/** From a request that only goes into the log to the longest wait. */
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 25];

export const createMetrics = (gauges: Gauges): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: "From a request to its response, waiting for the reply included, by route and HTTP status.",
    labelNames: ["route", "status"],
    buckets: BUCKETS_SECONDS,
    registers,
  });
  const produced = countersOf(
    "produced_total",
    "Records, by what became of them.",
    ["stored", "rejected", "unavailable", "unknown"],
    registers,
  );
  const replied = countersOf("replies_total", "Replies, by what became of them.", OUTCOMES, registers);
  const synced = new Histogram({
    name: `${PREFIX}sync_duration_seconds`,
    help: "How long the disk took to make replies durable.",
    buckets: BUCKETS_SECONDS,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("waits", "Calls that wait for a reply.", gauges.waits);
  gauge("links", "Links of consumers that are open.", gauges.links);
  gauge("storage_bytes", "Size of the file of statuses.", gauges.storageBytes);

  /** By route and status, since the lookup by labels costs more than the counting. */
  const children = new Map<string, ReturnType<typeof requests.labels>>();

  return {
    answered(path, status, seconds) {
      const route = routeOf(path);
      const name = `${route} ${status}`;
      let child = children.get(name);
      if (child === undefined) children.set(name, (child = requests.labels({ route, status })));
      child.observe(seconds);
    },
    produced(outcomes) {
      for (const { outcome } of outcomes) produced[outcome].inc();
    },
    replied(outcomes) {
      for (const outcome of outcomes) replied[outcome].inc();
    },
    synced: (seconds) => synced.observe(seconds),
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
};

/** A counter by outcome, with a child for each. */
const countersOf = <Name extends string>(name: string, help: string, outcomes: readonly Name[], registers: Registry[]) => {
  const counter = new Counter({ name: PREFIX + name, help, labelNames: ["outcome"], registers });
  // So that they are told before the first of their kind.
  for (const outcome of outcomes) counter.inc({ outcome }, 0);
  return Object.fromEntries(outcomes.map((outcome) => [outcome, counter.labels({ outcome })])) as Record<Name, Counter.Internal>;
};

const ROUTES = ["/requests/", "/status/", "/replies", "/link/", "/consumers", "/contract", "/health"] as const;

/** The route of a path, without what callers put into it. */
const routeOf = (path: string): string => ROUTES.find((route) => path.startsWith(route)) ?? "other";
