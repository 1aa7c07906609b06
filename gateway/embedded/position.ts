/** The offsets of one partition: 2^40 are enough for a million records a second over twelve days, or a thousand over 34 years. */
const OFFSETS = 2 ** 40;

/** So that a position, partition and offset together, is an integer that JavaScript holds exactly. */
export const MAX_PARTITIONS = 2 ** 13;

/** What the log's file knows a record by: the number of its partition among all partitions, and its offset. */
export const positionOf = (partitionId: number, offset: number): number => partitionId * OFFSETS + offset;

/** Where the positions of a partition end. */
export const endOfPositions = (partitionId: number): number => (partitionId + 1) * OFFSETS;

export const offsetOf = (position: number): number => position % OFFSETS;
