import { errorOfCode, kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import { pause, type Time } from "../environment/time.ts";
import { type TopicPartition, type TopicPartitionOffset, topicPartitionKey } from "../protocol/topic-partition.ts";
import type { Directory } from "./directory.ts";
import type { Broker, ListOffsetsResponse } from "./protocol.ts";
import { byTopic } from "./protocol.ts";
import { type Requests, wholeAnswer } from "./library.ts";

/** Finds offsets in the logs of partitions. @throws KafkaError */
export type LogOffsets = (
  time: number | "earliest" | "latest",
  places: readonly TopicPartition[],
) => Promise<readonly TopicPartitionOffset[]>;

/** Kafka's own numbers for the two ends. */
const ENDS = { earliest: -2n, latest: -1n } as const;
const NO_RECORD = -1n;
/** While leaders change, they are asked for so long. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const NO_LEADER_EPOCH = -1;

export const createLogOffsets = (requests: Requests, directory: Directory, time: Time): LogOffsets => {
  const askLeader = async (leader: Broker, timestamp: bigint, places: readonly TopicPartition[]): Promise<ListOffsetsResponse> => {
    const asked = byTopic(places, ({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: NO_LEADER_EPOCH, timestamp }));
    return await wholeAnswer(requests.ask<ListOffsetsResponse>(leader, "ListOffsets", NO_REPLICA, READ_UNCOMMITTED, asked));
  };

  /** Of each partition, or why not. */
  const ask = async (timestamp: bigint, places: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint | KafkaError>> => {
    const topics = await directory.find(places.map(({ topic }) => topic));
    const led = new Map<string, { readonly leader: Broker; readonly places: TopicPartition[] }>();
    const answers = new Map<string, bigint | KafkaError>();
    for (const place of places) {
      const leader = topics.get(place.topic)?.leaders[place.partition];
      const name = `${leader?.host}:${leader?.port}`;
      if (leader === undefined)
        answers.set(topicPartitionKey(place), new KafkaError("unavailable", `nobody leads the partition "${topicPartitionKey(place)}"`));
      else if (led.get(name)?.places.push(place) === undefined) led.set(name, { leader, places: [place] });
    }
    await Promise.all(
      [...led.values()].map(async ({ leader, places }) => {
        try {
          for (const { name, partitions } of (await askLeader(leader, timestamp, places)).topics)
            for (const { partitionIndex, errorCode, offset } of partitions) {
              const key = topicPartitionKey({ topic: name, partition: partitionIndex });
              answers.set(key, errorCode === 0 ? offset : errorOfCode(errorCode, JSON.stringify(key)));
            }
        } catch (error) {
          const failure = kafkaErrorOf(error);
          for (const place of places) answers.set(topicPartitionKey(place), failure);
        }
      }),
    );
    return answers;
  };

  const find = async (timestamp: bigint, places: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>> => {
    const found = new Map<string, bigint>();
    const until = time.now() + PATIENCE_MS;
    for (let left = places; ;) {
      const answers = await ask(timestamp, left);
      const failures: KafkaError[] = [];
      left = left.filter((place) => {
        const answer = answers.get(topicPartitionKey(place)) ?? new KafkaError("unavailable", "an answer left out a partition");
        if (!(answer instanceof KafkaError)) found.set(topicPartitionKey(place), answer);
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

  return async (time, places) => {
    const found = await find(typeof time === "number" ? BigInt(time) : ENDS[time], places);
    const beyond = places.filter((place) => found.get(topicPartitionKey(place)) === NO_RECORD);
    // No record is so young: the one that comes next may be.
    const ends = beyond.length === 0 ? found : await find(ENDS.latest, beyond);
    return places.map((place) => {
      const offset = found.get(topicPartitionKey(place));
      return {
        topic: place.topic,
        partition: place.partition,
        offset: Number(offset === NO_RECORD ? ends.get(topicPartitionKey(place)) : offset),
      };
    });
  };
};
