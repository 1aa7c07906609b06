import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { Admin, type BaseOptions, Consumer, type GroupOptions, Producer, type SASLOptions } from "@platformatic/kafka";
import type { KafkaConnection, KafkaLogin } from "./config.ts";

/** Everything is bytes: the library's serializers turn what they do not know into nothing, headers among it. */
export type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>;
export type BytesConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;

/** A broker that does not even accept a connection for so long is away. */
const CONNECT_TIMEOUT_MS = 3_000;
/** How long a broker may wait for its replicas: less than we wait for the broker. */
const REPLICATION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * For administration. Nothing is repeated by itself: an unknown topic would be asked for four times over three seconds. Whoever calls
 * knows whether and how long to try again.
 */
export const createAdminClient = (connection: KafkaConnection): Admin =>
  new Admin({ ...baseOptions(connection), requestTimeout: REQUEST_TIMEOUT_MS, retries: 0 });

/** Longer than a group may take to share out, which a broker answers only then. */
const JOIN_TIMEOUT_MS = 40_000;

/** For reading, and for joining groups, with calls of Kafka's protocol itself. Nothing is repeated by itself. */
export const createReaderClient = (connection: KafkaConnection): Admin =>
  new Admin({ ...baseOptions(connection), requestTimeout: JOIN_TIMEOUT_MS, retries: 0 });

/** What a consumer may be told beside the connection. */
export type ConsumerClientOptions = GroupOptions & {
  readonly groupId: string;
  /** How often what failed is repeated, with a second between. Default: three times. */
  readonly retries?: number;
};

/** For reading as a member of a group. It repeats what fails by itself, since to read again does no harm. Commits are by hand. */
export const createConsumerClient = (connection: KafkaConnection, options: ConsumerClientOptions): BytesConsumer =>
  new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...baseOptions(connection), autocommit: false, ...options });

/**
 * For the producer of this folder, which batches, chooses partitions and decides what is sent again; the library must do none of that:
 * its repetition after a lost connection could store a record twice, and the one after a change of leader sends all partitions of a
 * send again, those that were stored among them.
 */
export const createProducerClient = (connection: KafkaConnection): BytesProducer =>
  new Producer<Buffer, Buffer, Buffer, Buffer>({
    ...baseOptions(connection),
    requestTimeout: REQUEST_TIMEOUT_MS,
    timeout: REPLICATION_TIMEOUT_MS,
    retries: 0,
    repeatOnStaleMetadata: false,
    // Looked up, and looked up again, by topic-metadata.ts.
    metadataMaxAge: Number.MAX_SAFE_INTEGER,
  });

const baseOptions = ({ brokers, clientId, tls, sasl }: KafkaConnection): BaseOptions => ({
  clientId,
  bootstrapBrokers: [...brokers],
  connectTimeout: CONNECT_TIMEOUT_MS,
  autocreateTopics: false,
  // Clusters of others tell their tenants apart by the name; an address is none.
  ...(tls === undefined ? {} : { tls: tls.ca === undefined ? {} : { ca: tls.ca }, tlsServerName: brokers.some(hasName) }),
  ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
});

const hasName = (broker: string): boolean => isIP(broker.slice(0, broker.lastIndexOf(":")).replace(/[[\]]/g, "")) === 0;

const saslOptions = (login: KafkaLogin): SASLOptions =>
  login.mechanism === "OAUTHBEARER"
    ? { mechanism: login.mechanism, token: async () => (await readFile(login.tokenFile, "utf8")).trim() }
    : { mechanism: login.mechanism, username: login.username, password: login.password };
