import { onTestFinished } from "vitest";
import { systemTime, type Time } from "../../environment/time.ts";
import type { Engine } from "../../gateway/engine.ts";
import { type KafkaEngineOptions, openKafkaEngine } from "../../gateway/kafka/kafka-engine.ts";
import { ownName } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { SILENT_LOG } from "./open-engine.ts";
import { scopedEngine } from "./scoped-engine.ts";

export type OpenKafkaOptions = Partial<Omit<KafkaEngineOptions, "topics">> & {
  readonly brokers: readonly string[];
  /** Partition counts, by name. */
  readonly topics?: Readonly<Record<string, number>>;
  /** What the names of topics and groups begin with; those of two engines that are to meet are the same. */
  readonly scope?: string;
  readonly time?: Time;
};

/** An engine on a cluster, by default with topics of its own that it calls `t`, of 4 partitions, and `u`, of 1; it closes with the test. */
export const kafkaEngineUnderTest = async ({
  brokers,
  topics = { t: 4, u: 1 },
  scope = ownName("engine"),
  time = systemTime,
  ...options
}: OpenKafkaOptions): Promise<Engine> => {
  const declared = new Map(Object.entries(topics).map(([name, partitions]) => [`${scope}-${name}`, { partitions }]));
  const engine = await openKafkaEngine({ connection: connectionTo(brokers), topics: declared, ...options }, { log: SILENT_LOG, time });
  onTestFinished(() => engine.close());
  return scopedEngine(engine, scope);
};
