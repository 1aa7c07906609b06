import type { Time } from "../../../environment/time.ts";
import { BrokerError, brokerErrorOf } from "./broker-error.ts";
import { type Connection, createConnection, type OpenSocket } from "./connection.ts";
import { type Login, logIn } from "./login.ts";

/** How to reach a cluster from a Worker. */
export type KafkaConnection = {
  /** host:port of some of its brokers; the others make themselves known. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: boolean;
  /** Undefined: without a login. */
  readonly sasl: Login | undefined;
};

/** A broker that takes requests: connected, logged in, and of a version that this client speaks. */
export type Broker = Connection & {
  readonly produceVersion: number;
  readonly metadataVersion: number;
  /** When the login ends, in milliseconds since 1970: the broker refuses requests after it. */
  readonly loginEndsAt: number;
};

/** The requests that are sent, with the versions that can be written and read. Brokers from Kafka 1.0 on speak one of them; 2.4 has the newest. */
const APIS = {
  produce: { key: 0, min: 5, max: 8 },
  metadata: { key: 3, min: 5, max: 8 },
  saslHandshake: { key: 17, min: 1, max: 1 },
  apiVersions: { key: 18, min: 0, max: 0 },
  saslAuthenticate: { key: 36, min: 0, max: 1 },
} as const;

const SASL_FAILED = 58;
const SASL_UNSUPPORTED = 33;

/** A broker that is not ready by then is away. */
const OPEN_TIMEOUT_MS = 3_000;
/** The share of a login's life after which another connection takes over. */
const LOGIN_SHARE = 0.8;

type BrokerOptions = {
  /** host:port. */
  readonly address: string;
  readonly kafka: KafkaConnection;
  readonly openSocket: OpenSocket;
  readonly time: Time;
  onClosed?(reason: BrokerError): void;
};

/** Connects to a broker and logs in. @throws BrokerError */
export const openBroker = async ({ address, kafka, openSocket, time, onClosed }: BrokerOptions): Promise<Broker> => {
  const socket = openSocket(splitAddress(address), { secureTransport: kafka.tls ? "on" : "off", allowHalfOpen: false });
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  ended.catch(() => {});
  const connection = createConnection({
    socket,
    clientId: kafka.clientId,
    onClosed(reason) {
      end(reason);
      onClosed?.(reason);
    },
  });
  const timer = time.setTimeout(() => connection.close(new BrokerError("unavailable", SILENT)), OPEN_TIMEOUT_MS);
  try {
    await Promise.race([socket.opened, ended]).catch((error: Error) => {
      if (error.message === SILENT) throw error;
      throw new BrokerError("unavailable", kafka.tls ? NO_CONNECTION_BY_TLS : NO_CONNECTION, { cause: error.cause ?? error });
    });
    const versionOf = await askVersions(connection);
    const loginEndsAt =
      kafka.sasl === undefined ? Number.POSITIVE_INFINITY : time.now() + (await authenticate(connection, kafka.sasl, versionOf));
    return Object.assign(connection, { produceVersion: versionOf("produce"), metadataVersion: versionOf("metadata"), loginEndsAt });
  } catch (error) {
    const reason = brokerErrorOf(error);
    connection.close(reason);
    throw reason;
  } finally {
    time.clearTimeout(timer);
  }
};

const SILENT =
  "Kafka took the connection, but did not answer. Check the ports in KAFKA_BROKERS, and KAFKA_SSL: a port for TLS does not answer without it.";
const NO_CONNECTION = "There is no connection to Kafka. Check KAFKA_BROKERS, and that the brokers can be reached from where this runs.";
const NO_CONNECTION_BY_TLS =
  "There is no connection to Kafka by TLS. Check KAFKA_BROKERS and KAFKA_SSL, and that the brokers' certificate is for their host, and is of an authority that the runtime trusts.";

/** Splits host:port. An IPv6 address has brackets in it. */
const splitAddress = (address: string) => {
  const colon = address.lastIndexOf(":");
  return { hostname: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
};

type VersionOf = (api: keyof typeof APIS) => number;

/** Asks which versions of its requests a broker speaks. @returns the newest that both sides do, or throws BrokerError */
const askVersions = async (connection: Connection): Promise<VersionOf> => {
  const answer = await connection.request({ key: APIS.apiVersions.key, version: 0 }, () => {});
  const errorCode = answer.int16();
  if (errorCode !== 0) throw new BrokerError("rejected", `Kafka does not say which versions it speaks (error ${errorCode}).`);
  const spoken = new Map(answer.array(() => [answer.int16(), [answer.int16(), answer.int16()] as const] as const));
  return (api) => {
    const { key, min, max } = APIS[api];
    const [theirMin, theirMax] = spoken.get(key) ?? [0, -1];
    const version = Math.min(max, theirMax);
    if (version >= Math.max(min, theirMin)) return version;
    throw new BrokerError("rejected", `Kafka does not speak ${api} ${min} to ${max}: this client needs Kafka 1.0 or newer.`);
  };
};

/** @returns for how many milliseconds the login holds */
const authenticate = async (connection: Connection, login: Login, versionOf: VersionOf): Promise<number> => {
  const { mechanism } = login;
  const handshake = await connection.request({ key: APIS.saslHandshake.key, version: versionOf("saslHandshake") }, (request) =>
    request.text(mechanism),
  );
  const errorCode = handshake.int16();
  const offered = handshake.array(() => handshake.text()).join(", ");
  if (errorCode !== 0)
    throw new BrokerError(
      "rejected",
      errorCode === SASL_UNSUPPORTED
        ? `Kafka does not offer ${mechanism} at this port. Set KAFKA_SASL_MECHANISM to one of: ${offered}.`
        : "Kafka asks for no login at this port. Unset KAFKA_SASL_MECHANISM, or check the port.",
    );
  let lifeMs = 0;
  const version = versionOf("saslAuthenticate");
  await logIn(login, async (bytes) => {
    const answer = await connection.request({ key: APIS.saslAuthenticate.key, version }, (request) => request.bytes(bytes));
    const errorCode = answer.int16();
    answer.text();
    if (errorCode === SASL_FAILED)
      throw new BrokerError("rejected", "Kafka refused the login. Check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM.");
    if (errorCode !== 0) throw new BrokerError("rejected", `Kafka refused the login (error ${errorCode}). Check KAFKA_SASL_MECHANISM.`);
    const theirs = answer.bytes();
    if (version >= 1) lifeMs = answer.int64();
    return theirs;
  });
  return lifeMs > 0 ? lifeMs * LOGIN_SHARE : Number.POSITIVE_INFINITY;
};
