import type { Time } from "../../environment/time.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { OnAssigned } from "../source.ts";

type RestAssignmentOptions = {
  /** Asks the server which partitions this instance has. */
  ask(): Promise<readonly TopicPartition[]>;
  readonly onAssigned: OnAssigned;
  readonly time: Time;
};

/** The partitions of an instance on a server that does not tell when they change. */
export type RestAssignment = {
  /** Asks now, and again and again. @returns what ends that */
  start(): () => void;
  /** A record of that partition has come, so the instance has it. */
  took(partition: TopicPartition): void;
};

/** Often while there are none, as before the group is balanced; later seldom, since records tell too. */
const FIRST_PERIOD_MS = 500;
const PERIOD_MS = 10_000;

export const createRestAssignment = ({ ask, onAssigned, time }: RestAssignmentOptions): RestAssignment => {
  let own = new Map<string, TopicPartition>();
  let hasEnded = false;
  let timer: unknown;

  const tell = (partitions: readonly TopicPartition[]): void => {
    const asked = new Map(partitions.map((partition) => [topicPartitionKey(partition), partition]));
    const isSame = asked.size === own.size && [...asked.keys()].every((key) => own.has(key));
    own = asked;
    if (!isSame) onAssigned([...own.values()]);
  };

  const askAgain = async (): Promise<void> => {
    try {
      const partitions = await ask();
      if (!hasEnded) tell(partitions);
    } catch {
      // A server that does not say is told of by records alone.
    }
    if (!hasEnded) timer = time.setTimeout(() => void askAgain(), own.size === 0 ? FIRST_PERIOD_MS : PERIOD_MS);
  };

  return {
    start() {
      void askAgain();
      return () => {
        hasEnded = true;
        time.clearTimeout(timer);
      };
    },
    took({ topic, partition }) {
      if (!own.has(topicPartitionKey({ topic, partition }))) tell([...own.values(), { topic, partition }]);
    },
  };
};
