import type { Budget } from "../budgets.ts";
import type { Gauge } from "../engine.ts";
import type { Instances } from "./instances.ts";

/** What this gateway knows by itself; the cluster has its own measures of its topics and groups. */
export const measure = (instances: Pick<Instances, "all" | "describe">, queue: Pick<Budget, "used">): readonly Gauge[] => [
  { name: "produce_queue_bytes", help: "Bytes of records on their way to Kafka.", values: [{ labels: {}, value: queue.used() }] },
  {
    name: "consumer_instances",
    help: "Consumer instances that live.",
    values: instances.describe().map(({ name, instances: living }) => ({ labels: { group: name }, value: living.length })),
  },
  {
    name: "consumer_read_lag_records",
    help: "Records of a partition that an instance of this gateway owns, after the last that it was given, as of its last read.",
    values: instances
      .all()
      .flatMap(({ group, positions }) =>
        [...positions.values()].flatMap(({ topic, partition, next, end }) =>
          next === undefined || end === undefined ? [] : [{ labels: { group, topic, partition }, value: Math.max(0, end - next) }],
        ),
      ),
  },
];
