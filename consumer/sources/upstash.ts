import type { Message } from "@upstash/kafka";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { Log } from "../../environment/log.ts";
import { pause, systemTime } from "../../environment/time.ts";
import { type CommitResult, type OnAssigned, type Source, SourceError } from "../source.ts";
import { nextTurn } from "../waiting.ts";
import { countRequests } from "./request-count.ts";
import { createExpectedOffsets } from "./expected-offsets.ts";
import { createKafkaRest, type KafkaRestOptions, RefusedError } from "./kafka-rest.ts";
import { createRestAssignment } from "./rest-assignment.ts";
import { createRestInstance } from "./rest-instance.ts";
import { createRetry, reasonOf } from "./retry.ts";

type UpstashSourceOptions = KafkaRestOptions & {
  readonly log: Log;
  /** How long an idle consume waits on the server: longer saves little, shorter costs calls. */
  readonly consumeTimeoutMs?: number;
  readonly onAssigned?: OnAssigned | undefined;
  readonly random?: () => number;
};

/** The first one waits for nothing: it makes the instance, and shows that all is well. */
const FIRST_CONSUME_TIMEOUT_MS = 1;
/** A server that answers an idle consume sooner, as some do while a group is balanced, must not be asked in a tight loop. */
const LEAST_IDLE_MS = 50;
/** The server ends an instance that it has not heard of for 120 s. */
const KEEP_ALIVE_MS = 30_000;
/** What the same record will be answered again. */
const REFUSED_RECORD = new Set([400, 413, 422]);
/** A commit that is not ours to make: another instance owns the partition, or there is no such offset any more. */
const REFUSED_COMMIT = new Set([400, 409]);

/**
 * Consumes through the Upstash Kafka REST dialect, read with the unmodified `@upstash/kafka`. A lost answer shows in two ways.
 * A record is beyond the expected one: then the gap is fetched first, which works even if no call failed. Or a consume failed or was
 * repeated: then the instance is replaced (see rest-instance.ts), which works even if no further record comes.
 */
export const upstashSource = ({ log, consumeTimeoutMs = 5_000, onAssigned, random, ...options }: UpstashSourceOptions): Source => {
  const { url, group, instance: name, topics, time = systemTime } = options;
  const rest = createKafkaRest(options);
  const consumes = countRequests(`${url}/consume/${group}/${name}`);
  const retry = createRetry({ log, time, random });
  const instance = createRestInstance({ rest, consumes, retry });
  const expected = createExpectedOffsets();
  const assignment = onAssigned && createRestAssignment({ ask: rest.assigned, onAssigned, time });
  let first: Message[] = [];

  const lookUpCommits = async (messages: readonly Message[], signal: AbortSignal): Promise<void> => {
    const partitions = expected.unsure(messages);
    if (partitions.length === 0) return;
    const committed = (await retry("committed", () => rest.committed(partitions), signal)) ?? [];
    for (const { topic, partition } of partitions) {
      const found = committed.find((candidate) => candidate.topic === topic && candidate.partition === partition);
      expected.resume({ topic, partition }, found?.offset);
    }
  };

  const readGap = async ({ topic, partition, offset: end }: Message, start: number, signal: AbortSignal): Promise<Message[]> => {
    const missing: Message[] = [];
    for (let offset = start; offset < end;) {
      const from = { topic, partition, offset };
      const fetched = (await retry("fetch", () => rest.fetch(from), signal)) ?? [];
      const found = fetched.filter((message) => message.offset >= offset && message.offset < end);
      // Nothing there is no gap: Kafka leaves offsets out where it compacted a topic or ended a transaction.
      if (found.length === 0) break;
      missing.push(...found);
      offset = (found.at(-1)?.offset ?? end) + 1;
    }
    if (missing.length > 0)
      log.warn({ topic, partition, offset: start, records: missing.length }, "records lost on their way were read again");
    return missing;
  };

  const keepAlive = (): (() => void) => {
    const call = (): void => {
      timer = time.setTimeout(call, KEEP_ALIVE_MS);
      rest.committed([{ topic: topics[0] as string, partition: 0 }]).catch(() => undefined);
    };
    let timer = time.setTimeout(call, KEEP_ALIVE_MS);
    return () => time.clearTimeout(timer);
  };

  const commit = async (positions: readonly TopicPartitionOffset[]): Promise<CommitResult> => {
    try {
      await rest.commit(positions);
      return { committed: positions, lost: [] };
    } catch (error) {
      if (!(error instanceof RefusedError && REFUSED_COMMIT.has(error.status))) {
        log.warn({ reason: reasonOf(error) }, "the gateway did not commit");
        return { committed: [], lost: [] };
      }
      if (positions.length === 1) {
        for (const position of positions) expected.forget(position);
        return { committed: [], lost: positions };
      }
      // A commit is taken or refused as a whole, and the refusal does not say for which partition.
      const results = await Promise.all(positions.map((position) => commit([position])));
      return { committed: results.flatMap(({ committed }) => committed), lost: results.flatMap(({ lost }) => lost) };
    }
  };

  return {
    name: "upstash",
    group,
    commit,
    async open(signal) {
      first = await instance.consume(FIRST_CONSUME_TIMEOUT_MS, signal);
    },
    async *records(signal) {
      const stopKeepingAlive = keepAlive();
      const stopAsking = assignment?.start();
      try {
        while (!signal.aborted) {
          const asked = time.now();
          const messages = first.length > 0 ? first : await instance.consume(consumeTimeoutMs, signal);
          first = [];
          if (messages.length === 0 && time.now() - asked < LEAST_IDLE_MS) await pause(time, LEAST_IDLE_MS, signal);
          await lookUpCommits(messages, signal);
          for (const message of messages) {
            const gap = expected.gapBefore(message);
            const inOrder = gap === undefined ? [message] : [...(await readGap(message, gap, signal)), message];
            for (const next of inOrder) {
              if (signal.aborted) return;
              expected.pass(next);
              assignment?.took(next);
              yield toRecord(next);
            }
          }
          // Replies that are ready already go first: somebody waits for them, and preparing the next call takes a while.
          await nextTurn(time);
        }
      } finally {
        stopKeepingAlive();
        stopAsking?.();
      }
    },
    async produce({ topic, key, value, headers }) {
      const texts = headers.map((header) => ({ key: header.key, value: toText(header.value) }));
      try {
        await rest.produce({ topic, ...(key === null ? {} : { key: toText(key) }), value: toText(value), headers: texts });
      } catch (error) {
        const refused = error instanceof RefusedError && REFUSED_RECORD.has(error.status);
        throw new SourceError(reasonOf(error), { retryable: !refused, cause: error });
      }
    },
    async lag() {
      const partitions = await rest.assigned();
      if (partitions.length === 0) return [];
      const [starts, committed, ends] = await Promise.all([
        rest.offsets("earliest", partitions),
        rest.committed(partitions),
        rest.offsets("latest", partitions),
      ]);
      return partitions.map(({ topic, partition }) => {
        const [start = 0, next = start, end = start] = [starts, committed, ends].map(
          (offsets) => offsets.find((one) => one.topic === topic && one.partition === partition)?.offset,
        );
        return { topic, partition, lag: Math.max(0, end - next) };
      });
    },
    async close() {
      consumes.close();
      await rest
        .deleteConsumer()
        .catch((error) => log.warn({ reason: reasonOf(error) }, "the gateway could not be told that this instance has ended"));
    },
  };
};

const toRecord = ({ topic, partition, offset, timestamp, key, value, headers }: Message): ConsumerRecord => ({
  topic,
  partition,
  offset,
  timestamp,
  // The wire has no other word for a record without a key.
  key: key === "" ? null : key,
  value,
  headers,
});

const toText = (value: string | Uint8Array | null): string => (typeof value === "string" ? value : Buffer.from(value ?? []).toString());
