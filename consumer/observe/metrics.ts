import { collectDefaultMetrics, Counter, Registry } from "prom-client";
import { countersOf, gaugeOf, histogramOf, labelledGaugeOf, metricsPage } from "../../environment/metrics.ts";
import type { Page } from "../../environment/metrics-server.ts";
import { createLag } from "./lag.ts";
import { type ConsumerObserver, PARTITION_STATES, REQUEST_OUTCOMES, VIEW_STATES, type ViewProgress, type Watched } from "./observer.ts";

type ConsumerMetricsOptions = {
  /** The operations that are handled here. Whatever else a record names is counted as `other`. */
  readonly operations: readonly string[];
  /** The aggregates whose commands are decided here. */
  readonly aggregates?: readonly string[];
  /** Why no work can be done now; empty if it can. */
  readonly problems: () => readonly string[];
};

export type ConsumerMetrics = Omit<ConsumerObserver, "workerReached"> & {
  /** All metrics in Prometheus' text format. */
  page(): Promise<Page>;
};

const PREFIX = "rejoinder_consumer_";
/** From a handler that only adds to one that works for its whole deadline, and to a request that waited out an outage. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
const OTHER = "other";

/** Counts for Prometheus. Nobody who sends requests can choose a label: they are operations of the contract, and topics that are read. */
export const createConsumerMetrics = ({ operations, aggregates = [], problems }: ConsumerMetricsOptions): ConsumerMetrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const named = (name: string, help: string) => ({ name: PREFIX + name, help, registers });
  const timed = (name: string, help: string) => ({ ...named(name, help), buckets: BUCKETS_SECONDS });
  const known = new Set(operations);
  const watched: Watched[] = [];
  const lag = createLag();

  const handled = new Counter({
    ...named("handled_total", "What became of requests; retried counts each attempt that another one follows."),
    labelNames: ["operation", "outcome"],
  });
  // So that they are told before the first of their kind.
  for (const operation of operations) for (const outcome of REQUEST_OUTCOMES) handled.inc({ operation, outcome }, 0);
  const handlers = histogramOf(["operation"], timed("handler_duration_seconds", "How long handlers run, until they have really ended."));
  const ages = histogramOf(["operation"], timed("request_age_seconds", "From the acceptance of a request to the start of its handler."));
  const deliveries = histogramOf([], timed("delivery_lag_seconds", "From a reply that is made to the news that it is stored."));
  const deadLetters = new Counter({
    ...named("dead_letters_total", "Dead letters, by the topic of their records."),
    labelNames: ["topic"],
  });
  const steps = countersOf(["run", "known"] as const, named("steps_total", "Steps that are to run once, by what they came to."));
  const followed = countersOf(
    ["sent", "expired"] as const,
    named("policy_requests_total", "Requests that followed from events: sent, or expired before they could be."),
  );
  const policyPartitions = () => watched.flatMap((one) => one.policies?.() ?? []);
  labelledGaugeOf(
    ["state"],
    () => {
      const partitions = policyPartitions();
      return PARTITION_STATES.map((state) => ({ labels: { state }, value: partitions.filter((one) => one.state === state).length }));
    },
    named("policy_partitions", "Partitions whose events policies follow; paused: a policy or an event must be mended."),
  );
  labelledGaugeOf(
    ["state"],
    () => {
      const partitions = policyPartitions();
      const late = sum(partitions, (one) => one.late);
      return [
        { labels: { state: "late" }, value: late },
        { labels: { state: "waiting" }, value: sum(partitions, (one) => one.waiting) - late },
      ];
    },
    named("policy_timers", "Requests of policies that wait for their time; late: it was over five seconds ago."),
  );
  gaugeOf(() => sum(watched, ({ inFlight }) => inFlight?.() ?? 0), named("in_flight", "Records that are taken and not finished."));
  gaugeOf(() => (problems().length === 0 ? 1 : 0), named("ready", "1 if the consumer is a member of its group and can deliver, else 0."));
  labelledGaugeOf(
    ["state"],
    () => {
      const links = watched.flatMap((one) => one.links?.() ?? []);
      return [
        { labels: { state: "open" }, value: sum(links, ({ open }) => open) },
        { labels: { state: "wanted" }, value: sum(links, ({ wanted }) => wanted) },
      ];
    },
    named("links", "Links to the mailbox: those that are open, and those that should be."),
  );
  labelledGaugeOf(
    ["topic", "partition"],
    () => lag.list().map(({ topic, partition, lag: value }) => ({ labels: { topic, partition }, value })),
    named("lag_records", "Records after the committed offset, where the source says where a partition ends."),
  );

  const commits = new Counter({
    ...named("commits_total", "Commits of commands that were appended; those that are void had no effect, since somebody else was faster."),
    labelNames: ["aggregate", "outcome"],
  });
  const folded = new Counter({
    ...named("events_folded_total", "Events that were read, and folded into the states of their aggregates."),
    labelNames: ["aggregate"],
  });
  for (const aggregate of aggregates) {
    for (const outcome of ["counted", "void"]) commits.inc({ aggregate, outcome }, 0);
    folded.inc({ aggregate }, 0);
  }
  const partitions = () => watched.flatMap((one) => one.partitions?.() ?? []);
  labelledGaugeOf(
    ["state"],
    () => {
      const found = partitions();
      return PARTITION_STATES.map((state) => ({ labels: { state }, value: found.filter((one) => one.state === state).length }));
    },
    named("event_partitions", "Partitions of events that are read here, by whether commands of them can be decided."),
  );
  gaugeOf(() => sum(partitions(), ({ behind }) => behind), named("event_lag_records", "Records of events that are not read yet."));

  const views = () =>
    Map.groupBy(
      watched.flatMap((one) => one.views?.() ?? []),
      ({ view, version }) => `${view} ${version}`,
    );
  const ofViews = (name: "lag" | "unshipped") => () =>
    [...views().values()].map((found) => ({ labels: labelsOf(found), value: sum(found, (one) => one[name]) }));
  labelledGaugeOf(
    ["view", "version", "state"],
    () =>
      [...views().values()].flatMap((found) =>
        VIEW_STATES.map((state) => ({
          labels: { ...labelsOf(found), state },
          value: found.filter((one) => one.state === state).length,
        })),
      ),
    named("views", "Partitions of views, by whether their rows follow the events; paused: a projection or an event must be mended."),
  );
  labelledGaugeOf(
    ["view", "version"],
    ofViews("lag"),
    named("view_lag_records", "Records of events that the rows of a view do not have yet."),
  );
  labelledGaugeOf(
    ["view", "version"],
    ofViews("unshipped"),
    named("view_unshipped_records", "Records that the rows of a view have, and the Worker has not confirmed."),
  );

  const nameOf = (operation: string): string => (known.has(operation) ? operation : OTHER);

  return {
    handling(operation, ageMs) {
      const name = nameOf(operation);
      const begunAt = performance.now();
      ages.observe(Math.max(0, ageMs) / 1_000, name);
      return () => handlers.observe((performance.now() - begunAt) / 1_000, name);
    },
    handled: (operation, outcome) => handled.inc({ operation: nameOf(operation), outcome }),
    deadLettered: (topic) => deadLetters.inc({ topic }),
    delivered: (lagMs) => deliveries.observe(Math.max(0, lagMs) / 1_000),
    read: lag.read,
    committed: lag.committed,
    revoked: lag.revoked,
    stepped: (outcome) => steps[outcome].inc(),
    followed: (outcome, count) => followed[outcome].inc(count),
    committedEvents(aggregate, counted, voided) {
      commits.inc({ aggregate, outcome: "counted" }, counted);
      if (voided > 0) commits.inc({ aggregate, outcome: "void" }, voided);
    },
    foldedEvents: (aggregate, events) => folded.inc({ aggregate }, events),
    watch: (more) => void watched.push(more),
    page: () => metricsPage(registry),
  };
};

/** Of the partitions of one version of a view. */
const labelsOf = ([one]: readonly ViewProgress[]) => ({ view: one?.view ?? "", version: one?.version ?? 0 });

const sum = <Element>(elements: readonly Element[], valueOf: (element: Element) => number): number =>
  elements.reduce((total, element) => total + valueOf(element), 0);
