import { type Consumer, Kafka, type Message, type Producer } from "@upstash/kafka";
import { type Partition, type Position } from "../offsets.ts";
import { platformTimers, type Timers, within } from "../timers.ts";

export type KafkaRestOptions = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly group: string;
  readonly instance: string;
  readonly topics: readonly string[];
  readonly fetch?: typeof fetch;
  readonly timers?: Timers;
};

/** One consumer instance on a Kafka REST server, through `@upstash/kafka`. Every call ends, one way or the other. */
export type KafkaRest = {
  /** The call itself goes on when the promise has been rejected for lateness; `whole` ends when the call has. */
  consume(timeoutMs: number): { readonly answer: Promise<Message[]>; readonly whole: Promise<unknown> };
  fetch(from: Position): Promise<Message[]>;
  commit(positions: readonly Position[]): Promise<void>;
  /** Partitions without a commit are left out. */
  committed(partitions: readonly Partition[]): Promise<readonly Position[]>;
  produce: Producer["produce"];
  /** Ends the instance on the server; it is no error if there is none. */
  deleteConsumer(): Promise<void>;
};

/** More than the 15.5 s for which the client repeats a failed call: its own verdict says more than our timer. */
const CALL_TIMEOUT_MS = 20_000;
/** What a consume may take beyond the time that the server was asked to wait. */
const CONSUME_GRACE_MS = 5_000;
const DELETE_TIMEOUT_MS = 5_000;
/** What is there already is there at once. */
const FETCH_TIMEOUT_MS = 1;

/** The calls of one instance. The client has no timeout of its own, so each call races against ours. */
export const createKafkaRest = (options: KafkaRestOptions): KafkaRest => {
  const { url, username, password, group, instance, topics, fetch = globalThis.fetch, timers = platformTimers } = options;
  const kafka = new Kafka({ url, username, password });
  const consumer: Consumer = kafka.consumer();
  const producer: Producer = kafka.producer();
  const name = { consumerGroupId: group, instanceId: instance };

  const bounded = <T>(call: string, promise: Promise<T>, timeoutMs = CALL_TIMEOUT_MS): Promise<T> =>
    within(timeoutMs, promise, () => new Error(`${call} was not answered within ${timeoutMs} ms`), timers);

  return {
    consume(timeout) {
      const call = consumer.consume({ ...name, topics: [...topics], timeout, autoCommit: false, autoOffsetReset: "earliest" });
      return { answer: bounded("consume", call, timeout + CONSUME_GRACE_MS), whole: call };
    },
    fetch: ({ topic, partition, offset }) =>
      bounded("fetch", consumer.fetch({ topic, partition, offset, timeout: FETCH_TIMEOUT_MS }, { parallel: false })),
    commit: (positions) => bounded("commit", consumer.commit({ ...name, offset: [...positions] })),
    committed: (partitions) => bounded("committed", consumer.committed({ ...name, topicPartitions: [...partitions] })),
    produce: (topic, message, produceOptions) => bounded("produce", producer.produce(topic, message, produceOptions)),
    async deleteConsumer() {
      // Not by the client: it repeats a failed call for 15 s, the expected 404 too, and a late repetition would end the new instance.
      const timeout = new AbortController();
      const timer = timers.setTimeout(() => timeout.abort(new Error("delete-consumer was not answered in time")), DELETE_TIMEOUT_MS);
      try {
        const response = await fetch(`${url}/delete-consumer/${group}/${instance}`, {
          method: "POST",
          headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
          signal: timeout.signal,
        });
        await response.arrayBuffer();
        if (!response.ok && response.status !== 404) throw new Error(`delete-consumer was answered with ${response.status}`);
      } finally {
        timers.clearTimeout(timer);
      }
    },
  };
};
