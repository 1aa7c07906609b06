import { systemTime, type Time } from "../../environment/time.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { type TopicPartition, topicPartitionKey, type TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { appendInPieces } from "./append-in-pieces.ts";
import { AppendError, type EventLog, type NewEventRecord } from "./event-log.ts";
import { alterCommand, faultsOfSettings } from "./event-topic-settings.ts";
import { requireWithin } from "./log-ends.ts";
import { readAhead } from "./read-ahead.ts";
import { createRestCalls, describeAnswer, errorOf, type RestAnswer, RestCallError } from "./rest-calls.ts";

export type RestLogOptions = {
  /** Of a server of the Upstash Kafka REST API, such as this project's gateway. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly time?: Time;
};

/** Well below the 8 MiB of a body at the gateway, as JSON makes text longer. */
const PIECE = { bytes: 2 * 1024 * 1024, records: 1_000 };
const CALL_TIMEOUT_MS = 20_000;
/** How much longer than it was asked to wait a fetch may take. */
const GRACE_MS = 15_000;
/** Less than proxies in between close a silent call after. */
const MOST_WAIT_MS = 25_000;
/** How long a server looks again for records that are said to be there. */
const SECOND_LOOK_MS = 1_000;

/** Events on a Kafka REST server. */
export const restLog = ({ url, username, password, time = systemTime }: RestLogOptions): EventLog => {
  const { call, close } = createRestCalls({ url, username, password, time });
  /** Where partitions were known to end. They only grow. */
  const knownEnds = new Map<string, number>();

  const ask = async (path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> => {
    const answer = await call(path, { body, timeoutMs: CALL_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) });
    if (answer.status !== 200) throw new Error(describeAnswer(path, answer));
    return answer.body;
  };

  const offsetAt = async (at: "earliest" | "latest", { topic, partition }: TopicPartition, signal?: AbortSignal): Promise<number> => {
    const path = `/offsets/${at}`;
    const [found] = (await ask(path, [{ topic, partition }], signal)) as readonly { readonly offset?: unknown }[];
    if (!Number.isInteger(found?.offset)) throw new Error(`${path} was answered without the offset of partition ${partition} of ${topic}`);
    return found?.offset as number;
  };

  const ends = async (partition: TopicPartition) => {
    const [first, end] = await Promise.all([offsetAt("earliest", partition), offsetAt("latest", partition)]);
    return { first, end };
  };

  /** Undefined if there is none. */
  const describe = async (topic: string): Promise<Description | undefined> => {
    const answer = await call(`/topics/${encodeURIComponent(topic)}`, { timeoutMs: CALL_TIMEOUT_MS });
    const description = descriptionOf(answer);
    if (description !== undefined) return description;
    // Only this project's gateway tells more than a count.
    const count = ((await ask("/topics")) as Readonly<Record<string, unknown>>)[topic];
    return Number.isInteger(count) ? { partitions: count as number, settings: new Map() } : undefined;
  };

  const appendPiece = async (to: TopicPartition, piece: readonly NewEventRecord[]): Promise<readonly number[]> => {
    const body = piece.map((record) => ({ topic: to.topic, partition: to.partition, ...record }));
    const answer = await call("/produce", { body, timeoutMs: CALL_TIMEOUT_MS }).catch((error: unknown) => {
      if (!(error instanceof RestCallError)) throw error;
      throw new AppendError(error.wasSent ? "unknown" : "unavailable", error.message, error);
    });
    const offsets = answer.status === 200 && Array.isArray(answer.body) ? answer.body.map((stored) => offsetOf(to, stored)) : [];
    if (offsets.length === piece.length && offsets.every((offset) => offset !== undefined)) return offsets;
    throw new AppendError(outcomeOf(answer), describeAnswer("/produce", answer));
  };

  const fetchFrom = async (
    { topic, partition, offset }: TopicPartitionOffset,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly ConsumerRecord[]> => {
    const body = { topic, partition, offset, timeout: waitMs };
    const answer = await call("/fetch", { body, timeoutMs: waitMs + GRACE_MS, signal });
    if (answer.status === 200 && Array.isArray(answer.body)) return (answer.body as readonly WireRecord[]).map(toRecord);
    // Servers differ in what they answer for an offset that is not in the log.
    if (answer.status >= 400 && answer.status < 500) requireWithin({ topic, partition, offset }, await ends({ topic, partition }));
    throw new Error(describeAnswer("/fetch", answer));
  };

  return {
    name: "rest",
    async partitions(names) {
      const found = await Promise.all(names.map(async (name) => [name, await describe(name)] as const));
      return new Map(found.flatMap(([name, topic]) => (topic === undefined ? [] : [[name, topic.partitions] as const])));
    },
    async faults(topic, partitions = 1) {
      const declared = `${topic}:${partitions}:retention.ms=-1:retention.bytes=-1`;
      const found = await describe(topic);
      if (found === undefined)
        return [
          `The server at ${url} shows this user no topic ${topic}. At a gateway of this project, add it to GATEWAY_TOPICS: ${declared}`,
        ];
      return faultsOfSettings(
        topic,
        found.settings,
        (text) => `In GATEWAY_TOPICS, write ${declared}; where the gateway serves a cluster: ${alterCommand("BROKER:9092", topic, text)}`,
      );
    },
    ends,
    append: (to, records) => appendInPieces(records, PIECE, (piece) => appendPiece(to, piece)),
    read: readAhead(async (from, { waitMs, signal }) => {
      const key = topicPartitionKey(from);
      const known = knownEnds.get(key) ?? 0;
      const wait = Math.min(waitMs, MOST_WAIT_MS);
      let [records, latest] = await Promise.all([
        fetchFrom(from, wait, signal),
        known > from.offset ? known : offsetAt("latest", from, signal),
      ]);
      // The end was asked for before this second look, so if that finds nothing either, there are only markers.
      if (records.length === 0 && latest > from.offset) records = await fetchFrom(from, SECOND_LOOK_MS, signal);
      const [first] = records;
      // The server goes on at the first record that is there: deleted ones look like a gap.
      if (first === undefined ? latest !== from.offset : first.offset > from.offset) requireWithin(from, await ends(from));
      const next = (records.at(-1)?.offset ?? from.offset - 1) + 1;
      const end = first === undefined ? next : Math.max(next, latest);
      knownEnds.set(key, end);
      return { records, next, end };
    }),
    close,
  };
};

/** A record as it is on the wire: text only. Some servers write an empty value of a header as null. */
type WireRecord = Omit<ConsumerRecord, "key"> & { readonly key?: string | null };

const toRecord = ({ topic, partition, offset, timestamp, key, value, headers }: WireRecord): ConsumerRecord => ({
  topic,
  partition,
  offset,
  timestamp,
  // The wire has no other word for a record without a key.
  key: key === undefined || key === "" ? null : key,
  value,
  headers: headers ?? [],
});

/** Where a record was stored, if that is the partition that was meant. */
const offsetOf = ({ topic, partition }: TopicPartition, stored: unknown): number | undefined => {
  const { offset, ...place } = (stored ?? {}) as Partial<TopicPartitionOffset>;
  return place.topic === topic && place.partition === partition && Number.isInteger(offset) ? offset : undefined;
};

/** With these the server refuses the records themselves; with other statuses of this kind, the caller or the moment. */
const REFUSED_RECORDS: ReadonlySet<number> = new Set([400, 413, 422]);

const outcomeOf = ({ status, body }: RestAnswer): AppendError["outcome"] => {
  if (REFUSED_RECORDS.has(status)) return "rejected";
  // A server's own 503 comes before it takes anything; a balancer's may come after it lost the server.
  if (status === 503) return errorOf(body) === undefined ? "unknown" : "unavailable";
  return status >= 300 && status < 500 && status !== 408 ? "unavailable" : "unknown";
};

type Description = { readonly partitions: number; readonly settings: ReadonlyMap<string, string> };

/** What `GET /topics/$TOPIC` tells; undefined if it does not. */
const descriptionOf = ({ status, body }: RestAnswer): Description | undefined => {
  const { partitions, configs } = (body ?? {}) as { readonly partitions?: unknown; readonly configs?: unknown };
  if (status !== 200 || !Number.isInteger(partitions) || typeof configs !== "object" || configs === null) return undefined;
  return { partitions: partitions as number, settings: new Map(Object.entries(configs).map(([name, value]) => [name, String(value)])) };
};
