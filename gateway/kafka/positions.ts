import { type TopicPartition, type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { InstanceOptions } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { LogOffsets } from "../../kafka/log-offsets.ts";
import type { Assignment } from "./member.ts";

/** How far an instance has read a partition. Made anew when somebody else may have owned it meanwhile. */
export type Position = TopicPartition & {
  /** The next offset to be handed out; unknown where there is no commit and no reset is allowed. */
  next: number | undefined;
  /** The offset after the last record that certainly reached the instance; undefined if none did. */
  delivered: number | undefined;
  /** What of it was committed last, by this instance. */
  committed: number | undefined;
  /** The partition's end, as far as is known. */
  end: number | undefined;
};

/** By {@link topicPartitionKey}, in the order in which they are read next. */
export type Positions = Map<string, Position>;

export type Beginnings = {
  readonly committed: (partitions: readonly TopicPartition[]) => Promise<readonly TopicPartitionOffset[]>;
  readonly logOffsets: LogOffsets;
};

/** Where to go on, for all that is owned: where it was, where the group has committed, or as the options say. */
export const beginPositions = async (
  assignment: Assignment,
  held: Held,
  { autoOffsetReset }: InstanceOptions,
  { committed, logOffsets }: Beginnings,
): Promise<Positions> => {
  const kept = heldPositions(held, assignment);
  const gained = assignment.partitions.filter((place) => !kept.has(topicPartitionKey(place)));
  const commits = gained.length === 0 ? [] : await committed(gained);
  const known = new Set(commits.map(topicPartitionKey));
  const unknown = gained.filter((place) => !known.has(topicPartitionKey(place)));
  const resets = autoOffsetReset === "none" || unknown.length === 0 ? [] : await logOffsets(autoOffsetReset, unknown);
  const offsets = new Map([...commits, ...resets].map((place) => [topicPartitionKey(place), place.offset]));
  const begin = (place: TopicPartition): Position => ({
    ...place,
    next: offsets.get(topicPartitionKey(place)),
    delivered: undefined,
    committed: undefined,
    end: undefined,
  });
  return new Map([...kept, ...gained.map((place) => [topicPartitionKey(place), begin(place)] as const)]);
};

/** @throws GatewayError 400 where there is no commit to begin at, and no reset is allowed. */
export const requireBeginnings = (positions: Positions): void => {
  for (const { next, topic, partition } of positions.values())
    if (next === undefined) throw noBeginning("There is no committed offset", { topic, partition });
};

const noBeginning = (missing: string, { topic, partition }: TopicPartition): GatewayError =>
  new GatewayError(
    400,
    `${missing} for partition ${partition} of ${JSON.stringify(topic)}, and Kafka-Auto-Offset-Reset is none: commit an offset to begin at.`,
  );

/** Moves a position into the log again that records were removed from, or that has lost its end. @throws GatewayError 400 */
export const moveIntoLog = async (
  position: Position,
  { autoOffsetReset }: Pick<InstanceOptions, "autoOffsetReset">,
  logOffsets: LogOffsets,
): Promise<void> => {
  const [[earliest], [latest]] = await Promise.all([logOffsets("earliest", [position]), logOffsets("latest", [position])]);
  const [start, end] = [earliest?.offset ?? 0, latest?.offset ?? 0];
  const next = position.next ?? start;
  if (next < start && autoOffsetReset === "none") throw noBeginning("The next record is no longer kept", position);
  position.next = Math.min(Math.max(next, start), end);
};

/** What positions are of, and what they are. */
export type Held = { readonly positions: Positions; readonly positionsOf: Assignment | undefined };

/** The positions that are still right, as nobody else had the partitions since. */
export const heldPositions = ({ positions, positionsOf }: Held, assignment: Assignment): Positions => {
  if (isSame(positionsOf, assignment)) return positions;
  if (!isSame(positionsOf, assignment.previous)) return new Map();
  const owned = new Set(assignment.partitions.map(topicPartitionKey));
  return new Map([...positions].filter(([key]) => owned.has(key)));
};

const isSame = (one: Assignment | undefined, other: Assignment | undefined): boolean =>
  one !== undefined && one.generation === other?.generation && one.memberId === other.memberId;

/** What an instance was given of what it owns, and has not committed. */
export const uncommitted = (held: Held, assignment: Assignment): readonly TopicPartitionOffset[] =>
  [...heldPositions(held, assignment).values()].flatMap(({ topic, partition, delivered, committed }) =>
    delivered === undefined || delivered === committed ? [] : [{ topic, partition, offset: delivered }],
  );

/** Remembers what was committed, so that it is not committed again and again; where there was no beginning, there is one now. */
export const noteCommitted = ({ positions }: Held, offsets: readonly TopicPartitionOffset[]): void => {
  for (const place of offsets) {
    const position = positions.get(topicPartitionKey(place));
    if (position === undefined) continue;
    position.committed = place.offset;
    position.next ??= place.offset;
  }
};
