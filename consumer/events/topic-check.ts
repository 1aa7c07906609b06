import { type AnyAggregate, commandTopicOf, eventTopicOf } from "../../contract/aggregate.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { EventLog } from "./event-log.ts";

/** Topics of events are not there, may lose records, or do not fit those of their commands. A state made of them would be wrong. */
export class EventTopicError extends Error {
  override readonly name = "EventTopicError";
  /** Each as sentences that say what is wrong, and how to mend it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The topics of events cannot be used as they are:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/** How many partitions a topic has that is made for an aggregate whose commands have no topic yet. */
const PARTITIONS = 6;

/**
 * Checks, for each aggregate, that the topics of its commands and its events exist and have as many partitions, and that all events are kept.
 * @param aggregates by name
 * @returns how many partitions both topics of each aggregate have, by its name
 * @throws EventTopicError with every fault of all topics; any other error if the log cannot be asked now
 */
export const checkEventTopics = async (
  log: EventLog,
  aggregates: ReadonlyMap<string, AnyAggregate>,
): Promise<ReadonlyMap<string, number>> => {
  const topics = [...aggregates].map(([name, aggregate]) => ({
    name,
    commands: commandTopicOf(name, aggregate),
    events: eventTopicOf(name, aggregate),
  }));
  const counts = await log.partitions(topics.flatMap(({ commands, events }) => [commands, events]));
  const checks = topics.map(async ({ commands, events }): Promise<readonly string[]> => {
    const [wanted, found] = [counts.get(commands), counts.get(events)];
    const missing = wanted === undefined ? [`There is no topic ${commands}. Make it, with as many partitions as ${events}.`] : [];
    const faults = await log.faults(events, wanted ?? PARTITIONS);
    if (found === undefined) return [...missing, ...(faults.length > 0 ? faults : [`There is no topic ${events}.`])];
    const different = wanted === undefined || wanted === found ? [] : [differenceOf({ commands, events, wanted, found })];
    return [...missing, ...different, ...faults, ...(await findTrimmed(log, events, found))];
  });
  const problems = (await Promise.all(checks)).flat();
  if (problems.length > 0) throw new EventTopicError(problems);
  return new Map(topics.map(({ name, events }) => [name, counts.get(events) as number]));
};

/**
 * Checks while it is read that a partition of events still is what it was: a topic with more partitions has the events of a key in two of them.
 * @param partitions how many the topic had when its first event was read
 * @throws EventTopicError if that has changed, or events were deleted; any other error if the log cannot be asked now
 */
export const checkEventPartition = async (log: EventLog, at: TopicPartition, partitions: number): Promise<void> => {
  const found = (await log.partitions([at.topic])).get(at.topic);
  if (found === undefined) throw new EventTopicError([`There is no topic ${at.topic} any more.`]);
  if (found !== partitions)
    throw new EventTopicError([
      `Topic ${at.topic} had ${partitions} partitions and has ${found}: its keys are in other partitions now than their first events. ` +
        `Copy its records, with their keys and headers, to a new topic of ${found} partitions, and name that as eventTopic.`,
    ]);
  const trimmed = await findTrimmedPartition(log, at);
  if (trimmed !== undefined) throw new EventTopicError([trimmed]);
};

const differenceOf = ({
  commands,
  events,
  wanted,
  found,
}: {
  readonly commands: string;
  readonly events: string;
  readonly wanted: number;
  readonly found: number;
}): string =>
  `Topic ${events} has ${found} partitions and ${commands} has ${wanted}: they must have as many, so that whoever has the commands of a key has ` +
  `its events. While ${events} is empty, delete it and make it with ${wanted}; else make ${commands} anew with ${found}.`;

const findTrimmed = async (log: EventLog, topic: string, partitions: number): Promise<readonly string[]> => {
  const found = await Promise.all(Array.from({ length: partitions }, (_, partition) => findTrimmedPartition(log, { topic, partition })));
  return found.filter((problem) => problem !== undefined);
};

const findTrimmedPartition = async (log: EventLog, { topic, partition }: TopicPartition): Promise<string | undefined> => {
  const { first } = await log.ends({ topic, partition });
  if (first === 0) return undefined;
  return (
    `Partition ${partition} of topic ${topic} begins at offset ${first}: the events before it were deleted, so no state that is made of the others ` +
    "is right. Bring the topic back from a copy, with its offsets, or begin with an empty one."
  );
};
