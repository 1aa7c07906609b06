import { ConfigurationError, type Environment, isSet } from "../../environment/environment.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { type ProducerConfig, readProducerConfig } from "../../worker/producer-config.ts";
import type { Dialect } from "../../worker/producers/batch-producer.ts";
import type { ProxyOptions } from "../../worker/producers/proxy-connection.ts";
import { REST_V2 } from "../../worker/producers/rest-v2.ts";
import { STRIMZI } from "../../worker/producers/strimzi.ts";
import { createRecords, postsInTurn } from "../gateway/requests.ts";
import { ask, type Target, type Work } from "../load.ts";

/** Another Kafka REST proxy in front of the same cluster, to be measured beside the gateway. */
export type OtherProxy = {
  readonly name: string;
  /** Posts of so many records, each with another key, as the Worker would post them. */
  posts(topic: string, records: number): Work;
  /** Posts once: such a proxy may answer 200 and store nothing. @throws ConfigurationError if the record is not stored */
  expectToStore(topic: string): Promise<void>;
};

type ProxyAddress = Pick<ProxyOptions, "url" | "authorization">;

/** Those whose batches are as large as the gateway's. */
const DIALECTS = { strimzi: STRIMZI, "rest-v2": REST_V2 } as const;

/** Reads which one KAFKA_REST_URL and KAFKA_REST_KIND name, with the Worker's credentials; undefined without a URL. @throws ConfigurationError */
export const readOtherProxy = (environment: Environment): OtherProxy | undefined => {
  if (!isSet(environment, "KAFKA_REST_URL")) return undefined;
  const kind = environment["KAFKA_REST_KIND"];
  if (kind !== "strimzi" && kind !== "rest-v2")
    throw new ConfigurationError([`KAFKA_REST_KIND: Expected ${Object.keys(DIALECTS).join(" or ")}, which the proxy to be measured is.`]);
  if (!isSet(environment, "KAFKA_BROKERS"))
    throw new ConfigurationError(["KAFKA_BROKERS: Expected the cluster that the proxy serves: the gateway serves the same one."]);
  const proxy = readProducerConfig(environment, {}) as Extract<ProducerConfig, { kind: typeof kind }>;
  return createOtherProxy(`${kind} at ${proxy.url}`, proxy, DIALECTS[kind]);
};

const createOtherProxy = (name: string, { url, authorization }: ProxyAddress, dialect: Dialect): OtherProxy => {
  const { origin, pathname } = new URL(url);
  const toPost = (records: readonly ProducerRecord[]): Target => ({
    origin,
    method: "POST",
    path: pathname.replace(/\/$/, "") + dialect.path(records[0]?.topic ?? ""),
    headers: { "content-type": dialect.contentType, ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify(dialect.body(records.map((record) => dialect.encode(record)))),
    status: 200,
  });
  return {
    name,
    posts: (topic, records) => postsInTurn(topic, records, toPost),
    async expectToStore(topic) {
      const records = createRecords(topic, 0, 1);
      const refuse = (why: string) => new ConfigurationError([`KAFKA_REST_URL: Expected ${name} to store a record in ${topic}: ${why}`]);
      try {
        const { status, body } = await ask(toPost(records));
        const [outcome] = dialect.read({ status, body: JSON.parse(body) }, records);
        if (outcome?.outcome !== "stored") throw refuse(`it answered ${body}`);
      } catch (error) {
        throw error instanceof ConfigurationError ? error : refuse((error as Error).message);
      }
    },
  };
};
