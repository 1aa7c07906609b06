import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Page } from "./metrics-server.ts";

/** All metrics of a registry, in Prometheus' text format. */
export const metricsPage = async (registry: Registry): Promise<Page> => ({
  contentType: registry.contentType,
  text: await registry.metrics(),
});

type Named = { readonly name: string; readonly help: string; readonly registers: Registry[] };

/** A counter by outcome, with a child for each, so that all are told before the first of their kind. */
export const countersOf = <Name extends string>(outcomes: readonly Name[], named: Named): Readonly<Record<Name, Counter.Internal>> => {
  const counter = new Counter({ ...named, labelNames: ["outcome"] });
  for (const outcome of outcomes) counter.inc({ outcome }, 0);
  return Object.fromEntries(outcomes.map((outcome) => [outcome, counter.labels({ outcome })])) as Record<Name, Counter.Internal>;
};

/** A gauge that is read when somebody asks. */
export const gaugeOf = (read: () => number, named: Named): Gauge =>
  new Gauge({
    ...named,
    collect() {
      this.set(read());
    },
  });

/** A gauge by labels that is read when somebody asks. Labels that are not read any more are not told any more. */
export const labelledGaugeOf = <Label extends string>(
  labelNames: readonly Label[],
  read: () => readonly { readonly labels: Readonly<Record<Label, string | number>>; readonly value: number }[],
  named: Named,
): Gauge =>
  new Gauge({
    ...named,
    labelNames: [...labelNames],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });

/** A histogram by some labels. Its children are kept, since the lookup by labels costs more than the counting. */
export const histogramOf = <Label extends string>(
  labelNames: readonly Label[],
  { buckets, ...named }: Named & { readonly buckets: readonly number[] },
) => {
  const histogram = new Histogram({ ...named, labelNames: [...labelNames], buckets: [...buckets] });
  const children = new Map<string, ReturnType<typeof histogram.labels>>();
  return {
    /** @param values of the labels, in their order */
    observe(seconds: number, ...values: readonly (string | number)[]): void {
      const key = values.join(" ");
      let child = children.get(key);
      if (child === undefined) children.set(key, (child = histogram.labels(...values.map(String))));
      child.observe(seconds);
    },
  };
};
