import type { Time } from "../../../environment/time.ts";
import { type Broker, type KafkaConnection, openBroker } from "./broker.ts";
import { BrokerError, brokerErrorOf } from "./broker-error.ts";
import type { OpenSocket } from "./connection.ts";

/** The connections to a cluster: at most one to a broker, and not to all brokers of a large cluster at once. */
export type Brokers = {
  /** The connection to an address if it takes requests now. */
  ready(address: string): Broker | undefined;
  /**
   * Connects to an address, by ending the connection that was used least recently if there are too many.
   * @throws BrokerError if that fails, or failed a moment ago
   */
  connect(address: string): Promise<Broker>;
  /** Whether `connect` would not end another connection. */
  hasRoomFor(address: string): boolean;
  /** Any connection that takes requests now. */
  any(): Broker | undefined;
  /** Whether a broker takes requests only after a while, as it asked. */
  isHeldBack(address: string): boolean;
  /** Keeps requests from a broker for a while. */
  holdBack(broker: Broker, milliseconds: number): void;
  /** To be called when a broker has answered: a connection that is to end does so once all its requests are answered. */
  answered(broker: Broker): void;
};

/** A Worker may have six connections. KV and others need some. */
const MAX_CONNECTIONS = 4;
/** An open connection keeps an object in memory, which costs. And what lies between may forget a connection that is idle for minutes. */
const IDLE_MS = 30_000;
/** A broker that failed is not tried again before. Logins are refused for longer, and some clusters lock a user out who tries often. */
const PAUSE_MS = { unavailable: 200, rejected: 2_000 } as const;

type Entry = {
  readonly address: string;
  readonly opening: Promise<Broker>;
  broker: Broker | undefined;
  usedAt: number;
  /** How many times the broker asked for a while without requests that is not over. */
  holds: number;
  /** Takes no more requests, and ends when those under way are answered. */
  isEnding: boolean;
};

type BrokersOptions = {
  readonly kafka: KafkaConnection;
  readonly openSocket: OpenSocket;
  readonly time: Time;
  /** Called when a broker may be ready that was not. */
  onReady(): void;
};

export const createBrokers = ({ kafka, openSocket, time, onReady }: BrokersOptions): Brokers => {
  const entries = new Map<string, Entry>();
  const failures = new Map<string, { readonly error: BrokerError; readonly until: number }>();
  const waiting = new Map<string, PromiseWithResolvers<Broker>>();
  let idleTimer: unknown;

  const isReady = ({ broker, holds, isEnding }: Entry): boolean =>
    broker?.isOpen === true && !isEnding && holds === 0 && broker.loginEndsAt > time.now();

  const end = (entry: Entry): void => {
    entry.isEnding = true;
    if (entry.broker?.unanswered === 0) entry.broker.close(new BrokerError("unavailable", "The connection was not needed any more."));
  };

  const open = (address: string): Promise<Broker> => {
    const opening = openBroker({ address, kafka, openSocket, time, onClosed: () => gone(entry) });
    const entry: Entry = { address, opening, broker: undefined, usedAt: time.now(), holds: 0, isEnding: false };
    entries.set(address, entry);
    opening.then(
      (broker) => {
        entry.broker = broker;
        entry.usedAt = time.now();
        idleTimer ??= time.setTimeout(endIdle, IDLE_MS);
        onReady();
        makeRoom();
      },
      (error: unknown) => {
        const reason = brokerErrorOf(error);
        failures.set(address, { error: reason, until: time.now() + PAUSE_MS[reason.outcome] });
        gone(entry);
      },
    );
    return opening;
  };

  /** Lets those connect who wait for a place. */
  const gone = (entry: Entry): void => {
    if (entries.get(entry.address) === entry) entries.delete(entry.address);
    for (const [address, { resolve }] of waiting) {
      if (entries.size >= MAX_CONNECTIONS) break;
      waiting.delete(address);
      resolve(open(address));
    }
    onReady();
  };

  /** Ends as many connections as others wait for: the idle ones first, then those that were used least recently. */
  const makeRoom = (): void => {
    const all = [...entries.values()];
    const missing = waiting.size - all.filter(({ isEnding }) => isEnding).length;
    const rank = ({ broker }: Entry): number => (broker?.unanswered === 0 ? 0 : 1);
    const candidates = all.filter(({ broker, isEnding }) => broker !== undefined && !isEnding);
    candidates.sort((one, other) => rank(one) - rank(other) || one.usedAt - other.usedAt);
    for (const entry of candidates.slice(0, Math.max(0, missing))) end(entry);
  };

  const endIdle = (): void => {
    idleTimer = undefined;
    for (const entry of entries.values()) if (entry.broker?.unanswered === 0 && time.now() - entry.usedAt >= IDLE_MS) end(entry);
    if (entries.size > 0) idleTimer = time.setTimeout(endIdle, IDLE_MS);
  };

  return {
    ready(address) {
      const entry = entries.get(address);
      if (entry === undefined || !isReady(entry)) return undefined;
      entry.usedAt = time.now();
      return entry.broker;
    },
    connect(address) {
      const entry = entries.get(address);
      if (entry !== undefined && !entry.isEnding) {
        if (entry.broker !== undefined && entry.broker.loginEndsAt <= time.now()) end(entry);
        else return entry.opening;
      }
      const failure = failures.get(address);
      if (failure !== undefined && failure.until > time.now()) return Promise.reject(failure.error);
      failures.delete(address);
      if (entries.size < MAX_CONNECTIONS && !entries.has(address)) return open(address);
      const known = waiting.get(address);
      if (known !== undefined) return known.promise;
      const place = Promise.withResolvers<Broker>();
      waiting.set(address, place);
      makeRoom();
      return place.promise;
    },
    hasRoomFor: (address) => entries.has(address) || entries.size < MAX_CONNECTIONS,
    any: () => [...entries.values()].find(isReady)?.broker,
    isHeldBack: (address) => (entries.get(address)?.holds ?? 0) > 0,
    holdBack(broker, milliseconds) {
      for (const entry of entries.values()) {
        if (entry.broker !== broker) continue;
        entry.holds++;
        time.setTimeout(() => {
          entry.holds--;
          onReady();
        }, milliseconds);
      }
    },
    answered(broker) {
      if (broker.unanswered > 0) return;
      for (const entry of entries.values()) if (entry.broker === broker && entry.isEnding) end(entry);
    },
  };
};
