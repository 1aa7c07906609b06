import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { Admin, type BaseOptions, Producer, type SASLOptions } from "@platformatic/kafka";
import type { KafkaConnection, KafkaLogin } from "./config.ts";

/** Everything is bytes: the library's serializers turn what they do not know into nothing, without a word. */
export type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** A broker that has not accepted a connection by then is away. */
const CONNECT_TIMEOUT_MS = 3_000;
/** How long a broker may wait for its replicas: less than we wait for the broker. */
const REPLICATION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** For requests that are answered at once. Nothing is repeated by itself: the caller knows whether and how long to try again. */
export const createAdminClient = (connection: KafkaConnection): Admin =>
  new Admin({ ...clientOptions(connection), requestTimeout: REQUEST_TIMEOUT_MS, retries: 0 });

/** Longer than a group may take to share out its partitions, which a broker answers only then. */
const JOIN_TIMEOUT_MS = 40_000;

/** For requests that wait at the broker. Nothing is repeated by itself. */
export const createWaitingClient = (connection: KafkaConnection): Admin =>
  new Admin({ ...clientOptions(connection), requestTimeout: JOIN_TIMEOUT_MS, retries: 0 });

/**
 * For the producer of this folder, which batches, chooses partitions and decides what is sent again. The library must do none of that:
 * after a lost connection its retry could store a record twice, and after a change of leader it would send all partitions again, also
 * those that are stored already.
 */
export const createProducerClient = (connection: KafkaConnection): BytesProducer =>
  new Producer<Buffer, Buffer, Buffer, Buffer>({
    ...clientOptions(connection),
    requestTimeout: REQUEST_TIMEOUT_MS,
    timeout: REPLICATION_TIMEOUT_MS,
    retries: 0,
    repeatOnStaleMetadata: false,
    // Looked up, and looked up again, by topic-metadata.ts.
    metadataMaxAge: Number.MAX_SAFE_INTEGER,
  });

/** What every client of the library is told: how to reach the cluster. */
export const clientOptions = ({ brokers, clientId, tls, sasl }: KafkaConnection): BaseOptions => ({
  clientId,
  bootstrapBrokers: [...brokers],
  connectTimeout: CONNECT_TIMEOUT_MS,
  autocreateTopics: false,
  // Hosted clusters tell their tenants apart by the host name; an address is none.
  ...(tls === undefined ? {} : { tls: tls.ca === undefined ? {} : { ca: tls.ca }, tlsServerName: brokers.some(hasName) }),
  ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
});

const hasName = (broker: string): boolean => isIP(broker.slice(0, broker.lastIndexOf(":")).replace(/[[\]]/g, "")) === 0;

const saslOptions = (login: KafkaLogin): SASLOptions =>
  login.mechanism === "OAUTHBEARER"
    ? { mechanism: login.mechanism, token: async () => (await readFile(login.tokenFile, "utf8")).trim() }
    : { mechanism: login.mechanism, username: login.username, password: login.password };
