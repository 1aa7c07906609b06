import { describe, inject, test } from "vitest";

/** The cluster that the suites of one run share; suites name their own topics and groups. */
export type SharedKafka = {
  readonly brokers: readonly string[];
  /** Empty if KAFKA_BROKERS named the cluster: then what it demands of those who come is not known. */
  readonly saslBrokers: readonly string[];
  readonly tlsBrokers: readonly string[];
  /** Why no cluster can be started here, if so. */
  readonly missing: string | undefined;
};

declare module "vitest" {
  interface ProvidedContext {
    kafka: SharedKafka;
  }
}

export type Needs = {
  /** What the suite needs beside brokers: SASL and TLS listeners whose users it knows, or clusters of its own. */
  readonly needs?: "listeners" | "clusters";
};

/** A suite that runs where there is a Kafka. Where there is none it is counted as skipped, and fails with `CI` set. */
export const kafkaSuite = (name: string, suite: (kafka: SharedKafka) => void, { needs }: Needs = {}): void => {
  const kafka = inject("kafka");
  const { missing } = kafka;
  const isThere = { brokers: kafka.brokers.length > 0, listeners: kafka.saslBrokers.length > 0, clusters: missing === undefined };
  if (isThere[needs ?? "brokers"]) return void describe(name, () => suite(kafka));
  describe.skip(name, () => suite(kafka));
  if (missing !== undefined && (process.env["CI"] ?? "") !== "")
    test(`${name}: there is an Apache Kafka to run on`, () => {
      throw new Error(missing);
    });
};
