import { errorOfCode, kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import { pause, type Time } from "../environment/time.ts";
import { type TopicPartition, type TopicPartitionOffset, topicPartitionKey } from "../protocol/topic-partition.ts";
import type { Directory } from "./directory.ts";
import type { Broker, ListOffsetsResponse } from "./protocol.ts";
import { byTopic } from "./protocol.ts";
import { type Requests, wholeAnswer } from "./library.ts";

/**
 * Finds the offset of the first record that is no older than a time in ms, or the end of the log if there is none; or the first or last
 * offset of the log. In the order of the partitions.
 * @throws KafkaError
 */
export type LogOffsets = (
  time: number | "earliest" | "latest",
  partitions: readonly TopicPartition[],
) => Promise<readonly TopicPartitionOffset[]>;

/** The protocol's numbers for the two ends of a log. */
const ENDS = { earliest: -2n, latest: -1n } as const;
const NO_RECORD = -1n;
/** How long leaders are asked for while they change. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const NO_LEADER_EPOCH = -1;

export const createLogOffsets = (requests: Requests, directory: Directory, time: Time): LogOffsets => {
  const askLeader = async (leader: Broker, timestamp: bigint, partitions: readonly TopicPartition[]): Promise<ListOffsetsResponse> => {
    const asked = byTopic(partitions, ({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: NO_LEADER_EPOCH, timestamp }));
    return await wholeAnswer(requests.ask<ListOffsetsResponse>(leader, "ListOffsets", NO_REPLICA, READ_UNCOMMITTED, asked));
  };

  /** The offset of each partition, or why there is none. */
  const ask = async (timestamp: bigint, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint | KafkaError>> => {
    const topics = await directory.find(partitions.map(({ topic }) => topic));
    const led = new Map<string, { readonly leader: Broker; readonly asked: TopicPartition[] }>();
    const answers = new Map<string, bigint | KafkaError>();
    for (const at of partitions) {
      const leader = topics.get(at.topic)?.leaders[at.partition];
      const name = `${leader?.host}:${leader?.port}`;
      const key = topicPartitionKey(at);
      if (leader === undefined) answers.set(key, new KafkaError("unavailable", `nobody leads the partition ${JSON.stringify(key)}`));
      else if (led.get(name)?.asked.push(at) === undefined) led.set(name, { leader, asked: [at] });
    }
    await Promise.all(
      [...led.values()].map(async ({ leader, asked }) => {
        try {
          const answer = await askLeader(leader, timestamp, asked);
          for (const { name, partitions: answered } of answer.topics)
            for (const { partitionIndex, errorCode, offset } of answered) {
              const key = topicPartitionKey({ topic: name, partition: partitionIndex });
              answers.set(key, errorCode === 0 ? offset : errorOfCode(errorCode, JSON.stringify(key)));
            }
        } catch (error) {
          const failure = kafkaErrorOf(error);
          for (const at of asked) answers.set(topicPartitionKey(at), failure);
        }
      }),
    );
    return answers;
  };

  const find = async (timestamp: bigint, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>> => {
    const found = new Map<string, bigint>();
    const until = time.now() + PATIENCE_MS;
    for (let left = partitions; ;) {
      const answers = await ask(timestamp, left);
      const failures: KafkaError[] = [];
      left = left.filter((at) => {
        const key = topicPartitionKey(at);
        const answer = answers.get(key) ?? new KafkaError("unavailable", "an answer left out a partition");
        if (!(answer instanceof KafkaError)) found.set(key, answer);
        else if (answer.retryable || answer.code === "unknown-topic") failures.push(answer);
        else throw answer;
        return answer instanceof KafkaError;
      });
      const [failure] = failures;
      if (failure === undefined) return found;
      directory.forget(left.map(({ topic }) => topic));
      if (time.now() >= until) throw failure;
      await pause(time, PAUSE_MS);
    }
  };

  return async (time, partitions) => {
    const found = await find(typeof time === "number" ? BigInt(time) : ENDS[time], partitions);
    const beyond = partitions.filter((at) => found.get(topicPartitionKey(at)) === NO_RECORD);
    // No record is that young; the next one may be.
    const ends = beyond.length === 0 ? found : await find(ENDS.latest, beyond);
    return partitions.map(({ topic, partition }) => {
      const key = topicPartitionKey({ topic, partition });
      const offset = found.get(key);
      return { topic, partition, offset: Number(offset === NO_RECORD ? ends.get(key) : offset) };
    });
  };
};
