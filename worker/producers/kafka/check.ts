import type { Time } from "../../../environment/time.ts";
import { type Broker, type KafkaConnection, openBroker } from "./broker.ts";
import { BrokerError, brokerErrorOf } from "./broker-error.ts";
import type { OpenSocket } from "./connection.ts";
import { describeVerdict, UNKNOWN_TOPIC, verdictOf } from "./error-codes.ts";
import { askMetadata, type Metadata, type TopicMetadata } from "./metadata.ts";

type CheckOptions = {
  readonly kafka: KafkaConnection;
  readonly openSocket: OpenSocket;
  readonly time: Time;
  readonly topics: readonly string[];
  /** Milliseconds since 1970. */
  readonly deadline: number;
};

/** The bit of this operation among those that a user is allowed. */
const WRITE = 1 << 4;

/** Finds out what keeps records from being stored: brokers, TLS, login, topics, and what this user may do. Stores nothing. */
export const checkKafka = async ({ kafka, openSocket, time, topics, deadline }: CheckOptions): Promise<readonly string[]> => {
  const opened: Broker[] = [];
  const timer = time.setTimeout(() => endAll("It took too long."), Math.max(0, deadline - time.now()));
  const endAll = (why: string): void => {
    for (const broker of opened) broker.close(new BrokerError("unavailable", why));
  };
  const open = async (address: string): Promise<Broker> => {
    const broker = await openBroker({ address, kafka, openSocket, time });
    opened.push(broker);
    return broker;
  };
  try {
    const problems: string[] = [];
    for (const address of kafka.brokers) {
      try {
        const metadata = await askMetadata(await open(address), topics, { time, withOperations: true });
        return [...metadata.topics.flatMap((topic) => problemsOf(topic)), ...(await checkLeaders(metadata, open))];
      } catch (error) {
        problems.push(`Broker ${address} of KAFKA_BROKERS: ${describe(error)}`);
      }
    }
    return problems;
  } finally {
    time.clearTimeout(timer);
    endAll("The check is done.");
  }
};

const problemsOf = ({ topic, errorCode, leaders, allowed }: TopicMetadata): readonly string[] => {
  if (errorCode === UNKNOWN_TOPIC)
    return [`Topic ${topic} does not exist, or this user may not see it. Create it, or allow the user to describe it.`];
  if (errorCode !== 0) return [`Topic ${topic}: ${describeVerdict(verdictOf(errorCode))}`];
  if (allowed !== undefined && (allowed & WRITE) === 0)
    return [`Topic ${topic}: this user may not write to it. Allow the operation Write.`];
  const leaderless = leaders.filter((leader) => leader < 0).length;
  return leaderless === 0
    ? []
    : [`Topic ${topic}: ${leaderless} of its ${leaders.length} partitions have no leader. Look after the brokers that hold them.`];
};

/** Brokers name their own addresses, and not everybody reaches those. */
const checkLeaders = async ({ brokers, topics }: Metadata, open: (address: string) => Promise<Broker>): Promise<readonly string[]> => {
  const problems: string[] = [];
  for (const id of new Set(topics.flatMap(({ leaders }) => leaders))) {
    const address = brokers.get(id);
    if (address === undefined) continue;
    try {
      (await open(address)).close(new BrokerError("unavailable", "The check is done."));
    } catch (error) {
      problems.push(
        `Broker ${id} says that it is at ${address}: ${describe(error)} Its advertised.listeners must name an address that the Worker reaches.`,
      );
    }
  }
  return problems;
};

/** What is wrong, with what the socket says of it. */
const describe = (error: unknown): string => {
  const { message, cause } = brokerErrorOf(error);
  return cause instanceof Error ? `${message} (${cause.message.replace(/\.$/, "")}.)` : message;
};
