import { type Consumer, Kafka, type Message } from "@upstash/kafka";
import { systemTime, type Time } from "../../environment/time.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { within } from "../waiting.ts";

export type KafkaRestOptions = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly group: string;
  readonly instance: string;
  readonly topics: readonly string[];
  readonly fetch?: typeof fetch;
  readonly time?: Time;
};

/** A record as the wire carries it: text only, and no word for a null. */
type WireRecord = {
  readonly topic: string;
  readonly key?: string;
  readonly value: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
};

/** As `/consumers` tells of them. */
type ConsumerGroup = {
  readonly name: string;
  readonly instances: readonly {
    readonly name: string;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  }[];
};

/** One consumer instance on a Kafka REST server. Every call ends, one way or the other. */
export type KafkaRest = {
  /** The call itself goes on when the promise has been rejected for lateness; `whole` ends when the call has. */
  consume(timeoutMs: number): { readonly answer: Promise<Message[]>; readonly whole: Promise<unknown> };
  fetch(from: TopicPartitionOffset): Promise<Message[]>;
  /** @throws RefusedError */
  commit(positions: readonly TopicPartitionOffset[]): Promise<void>;
  /** Partitions without a commit are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** The partitions that this instance has now. @throws RefusedError */
  assigned(): Promise<readonly TopicPartition[]>;
  /** Where partitions begin or end. @throws RefusedError */
  offsets(at: "earliest" | "latest", partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** @throws RefusedError */
  produce(record: WireRecord): Promise<void>;
  /**
   * Ends the instance on the server; it is no error if there is none.
   * @throws RefusedError
   */
  deleteConsumer(): Promise<void>;
};

/** More than the 15.5 s for which the client repeats a failed call: its own verdict says more than our timer. */
const CALL_TIMEOUT_MS = 20_000;
/** What a consume may take beyond the time that the server was asked to wait. */
const CONSUME_GRACE_MS = 5_000;
const POST_TIMEOUT_MS = 5_000;
/** What is there already is there at once. */
const FETCH_TIMEOUT_MS = 1;

/** A call that the server answered with an error. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** HTTP status. */
  readonly status: number;

  constructor(call: string, status: number) {
    super(`${call} was answered with ${status}`);
    this.status = status;
  }
}

/**
 * The calls of one instance. The client has no timeout of its own, so each of its calls races against ours.
 *
 * What only reads goes through the client. What changes something goes around it, since it repeats a failed call for 15 s, refused
 * ones too, and cannot be stopped: a late repetition of a commit would move the group back, one of delete-consumer would end the
 * instance that took the old one's place, and one of a produce would store a record twice.
 */
export const createKafkaRest = (options: KafkaRestOptions): KafkaRest => {
  const { url, username, password, group, instance, topics, fetch = globalThis.fetch, time = systemTime } = options;
  const consumer: Consumer = new Kafka({ url, username, password }).consumer();
  const name = { consumerGroupId: group, instanceId: instance };
  const path = `${group}/${instance}`;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  const bounded = <T>(call: string, promise: Promise<T>, timeoutMs = CALL_TIMEOUT_MS): Promise<T> =>
    within(timeoutMs, promise, () => new Error(`${call} was not answered within ${timeoutMs} ms`), time);

  const post = async (call: string, route: string, body?: unknown): Promise<string> => {
    const timeout = new AbortController();
    const timer = time.setTimeout(() => timeout.abort(new Error(`${call} was not answered within ${POST_TIMEOUT_MS} ms`)), POST_TIMEOUT_MS);
    try {
      const headers = { authorization, "content-type": "application/json" };
      const text = body === undefined ? undefined : JSON.stringify(body);
      const response = await fetch(url + route, { method: "POST", headers, body: text, signal: timeout.signal });
      // Read whole in any case: only then is the connection free for the next call.
      const answer = await response.text();
      if (!response.ok) throw new RefusedError(call, response.status);
      return answer;
    } finally {
      time.clearTimeout(timer);
    }
  };

  return {
    consume(timeout) {
      const call = consumer.consume({ ...name, topics: [...topics], timeout, autoCommit: false, autoOffsetReset: "earliest" });
      return { answer: bounded("consume", call, timeout + CONSUME_GRACE_MS), whole: call };
    },
    fetch: ({ topic, partition, offset }) =>
      bounded("fetch", consumer.fetch({ topic, partition, offset, timeout: FETCH_TIMEOUT_MS }, { parallel: false })),
    async commit(positions) {
      await post("commit", `/commit/${path}`, positions);
    },
    committed: (partitions) => bounded("committed", consumer.committed({ ...name, topicPartitions: [...partitions] })),
    async assigned() {
      const groups = JSON.parse(await post("consumers", "/consumers")) as readonly ConsumerGroup[];
      const own = groups.find((one) => one.name === group)?.instances.find((one) => one.name === instance);
      return (own?.topics ?? []).flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    },
    async offsets(at, partitions) {
      return JSON.parse(await post("offsets", `/offsets/${at}`, partitions)) as readonly TopicPartitionOffset[];
    },
    async produce(record) {
      await post("produce", "/produce", [record]);
    },
    async deleteConsumer() {
      try {
        await post("delete-consumer", `/delete-consumer/${path}`);
      } catch (error) {
        if (!(error instanceof RefusedError && error.status === 404)) throw error;
      }
    },
  };
};
