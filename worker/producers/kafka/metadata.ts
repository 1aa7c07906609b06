import type { Time } from "../../../environment/time.ts";
import type { Broker } from "./broker.ts";
import { BrokerError, brokerErrorOf } from "./broker-error.ts";
import type { Brokers } from "./brokers.ts";
import type { ByteReader } from "./bytes.ts";

/** What a cluster says about itself and some topics. */
export type Metadata = {
  /** host:port of each broker, by its ID. */
  readonly brokers: ReadonlyMap<number, string>;
  readonly topics: readonly TopicMetadata[];
};

export type TopicMetadata = {
  readonly topic: string;
  readonly errorCode: number;
  /** The ID of the broker that leads each partition; -1 while none does. */
  readonly leaders: readonly number[];
  /** The operations that the cluster allows this user, as bits; undefined if it does not say. */
  readonly allowed: number | undefined;
};

/** A broker that does not say this by then stands still. */
const TIMEOUT_MS = 3_000;
const OPERATIONS_UNKNOWN = -(2 ** 31);

/** Asks a broker about topics; creates none. @throws BrokerError */
export const askMetadata = async (
  broker: Broker,
  topics: readonly string[],
  { time, withOperations = false }: { readonly time: Time; readonly withOperations?: boolean },
): Promise<Metadata> => {
  const version = broker.metadataVersion;
  const timer = time.setTimeout(() => broker.close(new BrokerError("unavailable", "Kafka did not answer in time.")), TIMEOUT_MS);
  try {
    const answer = await broker.request({ key: 3, version }, (request) => {
      request.int32(topics.length);
      for (const topic of topics) request.text(topic);
      request.int8(0); // creates no topic
      if (version < 8) return;
      request.int8(0);
      request.int8(withOperations ? 1 : 0);
    });
    answer.int32(); // the throttle time: metadata is asked for rarely
    const brokers = answer.array(() => {
      const id = answer.int32();
      const host = answer.text() ?? "";
      const port = answer.int32();
      answer.text();
      return [id, `${host.includes(":") ? `[${host}]` : host}:${port}`] as const;
    });
    answer.text();
    answer.int32();
    return { brokers: new Map(brokers), topics: answer.array(() => readTopic(answer, version)) };
  } finally {
    time.clearTimeout(timer);
  }
};

const readTopic = (answer: ByteReader, version: number): TopicMetadata => {
  const errorCode = answer.int16();
  const topic = answer.text() ?? "";
  answer.int8();
  const partitions = answer.array(() => {
    answer.int16();
    const partition = answer.int32();
    const leader = answer.int32();
    if (version >= 7) answer.int32();
    for (let list = 0; list < 3; list++) answer.array(answer.int32); // replicas, those in sync, those offline
    return [partition, leader] as const;
  });
  const leaders = partitions.map(() => -1);
  for (const [partition, leader] of partitions) if (partition in leaders) leaders[partition] = leader;
  const allowed = version >= 8 ? answer.int32() : OPERATIONS_UNKNOWN;
  return { topic, errorCode, leaders, allowed: allowed === OPERATIONS_UNKNOWN ? undefined : allowed };
};

/**
 * Asks the first broker that answers: one that is connected, or else any of these addresses.
 * @throws BrokerError if none answers; the reason that somebody can do something about comes first
 */
export const askCluster = async ({
  brokers,
  addresses,
  topics,
  time,
}: {
  readonly brokers: Pick<Brokers, "any" | "connect" | "answered">;
  readonly addresses: Iterable<string>;
  readonly topics: readonly string[];
  readonly time: Time;
}): Promise<Metadata> => {
  const ask = async (broker: Broker): Promise<Metadata> => {
    const metadata = await askMetadata(broker, topics, { time });
    brokers.answered(broker);
    return metadata;
  };
  const connected = brokers.any();
  let reason: BrokerError | undefined;
  for (const attempt of [
    ...(connected === undefined ? [] : [async () => connected]),
    ...Array.from(addresses, (address) => () => brokers.connect(address)),
  ]) {
    try {
      return await ask(await attempt());
    } catch (error) {
      const failure = brokerErrorOf(error);
      if (reason?.outcome !== "rejected") reason = failure;
    }
  }
  throw reason ?? new BrokerError("unavailable", "There is no broker to ask.");
};
