import type { Budget } from "../budgets.ts";
import type { Gauge } from "../engine.ts";
import type { Consumers } from "../sessions/consumers.ts";

/** What this gateway knows. The cluster has metrics of its topics and groups itself. */
export const measure = (consumers: Pick<Consumers, "all" | "gauge">, queue: Pick<Budget, "used">): readonly Gauge[] => [
  { name: "produce_queue_bytes", help: "Bytes of records on their way to Kafka.", values: [{ labels: {}, value: queue.used() }] },
  consumers.gauge(),
  {
    name: "consumer_read_lag_records",
    help: "Records of a partition that an instance of this gateway owns, after the last that it was given, as of its last read.",
    values: consumers
      .all()
      .flatMap((session) =>
        [...session.positions().values()].flatMap(({ topic, partition, next, end }) =>
          next === undefined || end === undefined
            ? []
            : [{ labels: { group: session.name.group, topic, partition }, value: Math.max(0, end - next) }],
        ),
      ),
  },
];
