import { Counter, Gauge as PrometheusGauge, Registry } from "prom-client";
import { histogramOf } from "../environment/metrics.ts";
import type { Engine, Gauge } from "./engine.ts";
import type { Budgets } from "./budgets.ts";

/** The metrics for Prometheus. Callers can choose no labels but routes and topics that exist. */
export type Metrics = {
  /** @param status of HTTP */
  answered(route: string, status: number, seconds: number): void;
  /** Records that were stored. */
  produced(records: readonly { readonly topic: string }[]): void;
  /** Records that consume and fetch have returned. */
  delivered(records: readonly { readonly topic: string }[]): void;
  /** All metrics, with the engine's gauges, in Prometheus' text format. */
  read(engine: Pick<Engine, "gauges">): Promise<{ readonly contentType: string; readonly text: string }>;
};

const PREFIX = "rejoinder_gateway_";
/** From a produce on an idle machine to the longest consume that waits. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 60, 600];

/** @param registry its other metrics are included */
export const createMetrics = (registry: Registry, budgets: Budgets): Metrics => {
  const registers = [registry];
  const requests = histogramOf(["route", "status"], {
    name: `${PREFIX}http_request_duration_seconds`,
    help: "From a request's head to its answer, waiting for records included, by route and HTTP status.",
    buckets: BUCKETS_SECONDS,
    registers,
  });
  const produced = new Counter({ name: `${PREFIX}records_produced_total`, help: "Records stored.", labelNames: ["topic"], registers });
  const delivered = new Counter({
    name: `${PREFIX}records_delivered_total`,
    help: "Records answered to consume and fetch.",
    labelNames: ["topic"],
    registers,
  });
  const usage = (): readonly Gauge[] => [
    unlabelled("waiting_calls", "Calls that wait for records, or are being answered with them.", budgets.waits.used()),
    unlabelled("calls", "All other calls that are being answered.", budgets.calls.used()),
    unlabelled("body_bytes", "Bytes of bodies that are held.", budgets.bodies.used()),
    unlabelled("answer_bytes", "Bytes of records on their way to clients.", budgets.responses.used()),
  ];

  return {
    answered: (route, status, seconds) => requests.observe(seconds, route, status),
    produced: (records) => countByTopic(produced, records),
    delivered: (records) => countByTopic(delivered, records),
    async read(engine) {
      const momentary = new Registry();
      for (const { name, help, values } of [...usage(), ...(await engine.gauges())]) {
        const labelNames = Object.keys(values[0]?.labels ?? {});
        const gauge = new PrometheusGauge({ name: `${PREFIX}${name}`, help, labelNames, registers: [momentary] });
        for (const { labels, value } of values) gauge.set(labels, value);
      }
      const texts = await Promise.all([registry.metrics(), momentary.metrics()]);
      return { contentType: registry.contentType, text: texts.join("\n") };
    },
  };
};

const unlabelled = (name: string, help: string, value: number): Gauge => ({ name, help, values: [{ labels: {}, value }] });

const countByTopic = (counter: Counter<"topic">, records: readonly { readonly topic: string }[]): void => {
  const counts = new Map<string, number>();
  for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  for (const [topic, count] of counts) counter.inc({ topic }, count);
};
