import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { basicAuthorization } from "../producers/proxy-connection.ts";
import { type DeadLetterLog, LogError } from "./log.ts";

export type RestLogOptions = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fetch?: typeof fetch;
};

/** More than a gateway waits for its cluster. */
const CALL_TIMEOUT_MS = 20_000;

/** The dead letters behind a Kafka REST proxy that speaks Upstash's dialect, such as the gateway. It carries text: other bytes come as replacement characters. */
export const restLog = ({ url, username, password, fetch = (...args) => globalThis.fetch(...args) }: RestLogOptions): DeadLetterLog => {
  const headers = {
    authorization: basicAuthorization(username, password),
    "content-type": "application/json",
  };

  const call = async (path: string, body?: unknown): Promise<unknown> => {
    let response: Response;
    let text: string;
    try {
      const method = body === undefined ? { method: "GET" } : { method: "POST", body: JSON.stringify(body) };
      response = await fetch(url + path, { ...method, headers, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
      text = await response.text();
    } catch (error) {
      throw new LogError(`No Kafka REST proxy answers at ${url} (${reasonOf(error)}). Start it, or correct UPSTASH_KAFKA_REST_URL.`, {
        retryable: true,
        cause: error,
      });
    }
    if (!response.ok) throw refusal(`${url}${path}`, response.status, text);
    return readJson(text, `${url}${path}`);
  };

  const offsetsAt = async (time: number | "earliest" | "latest", partitions: readonly TopicPartition[]): Promise<readonly number[]> => {
    const found = (await call(`/offsets/${time}`, partitions)) as readonly TopicPartitionOffset[];
    return partitions.map(
      ({ topic, partition }) => found.find((candidate) => candidate.topic === topic && candidate.partition === partition)?.offset ?? 0,
    );
  };

  return {
    async ranges(topics, since) {
      const counts = (await call("/topics")) as Readonly<Record<string, number>>;
      const partitions = topics.flatMap((topic) =>
        Array.from({ length: Object.hasOwn(counts, topic) ? (counts[topic] ?? 0) : 0 }, (_, partition) => ({ topic, partition })),
      );
      if (partitions.length === 0) return [];
      // The end first: what comes in between is left to the next call.
      const ends = await offsetsAt("latest", partitions);
      const starts = await offsetsAt(since ?? "earliest", partitions);
      return partitions.map((at, index) => ({ ...at, start: starts[index] as number, end: ends[index] as number }));
    },
    async *records({ topic, partition, start, end }) {
      for (let offset = start; offset < end;) {
        const records = (await call("/fetch", { topic, partition, offset, timeout: 0 })) as readonly ConsumerRecord[];
        const last = records.at(-1);
        // What is behind the last record of a topic may have been compacted, or have ended a transaction.
        if (last === undefined) return;
        for (const record of records) if (record.offset >= offset && record.offset < end) yield record;
        offset = last.offset + 1;
      }
    },
    async append(record) {
      await call("/produce", [record]);
    },
    async close() {},
  };
};

/** Why a call failed, in a few words: a connection's error has a code, and a message that says less. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? message;
};

const readJson = (text: string, address: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LogError(`Expected JSON from ${address}. Check that UPSTASH_KAFKA_REST_URL is the URL of a Kafka REST proxy.`, {
      retryable: false,
      cause: error,
    });
  }
};

/** What to do about an answer that is not 200. */
const refusal = (address: string, status: number, text: string): LogError => {
  const advice: Readonly<Record<number, string>> = {
    401: "Check UPSTASH_KAFKA_REST_USERNAME and UPSTASH_KAFKA_REST_PASSWORD.",
    403: "The user needs the scope full, or consume to look alone, and the dead-letter topics.",
    404: "Check that UPSTASH_KAFKA_REST_URL is the URL of a Kafka REST proxy of Upstash's dialect.",
  };
  return new LogError(`${address} answered ${status}: ${text.slice(0, 500)}${advice[status] === undefined ? "" : `\n${advice[status]}`}`, {
    retryable: status >= 500 || status === 429,
  });
};
