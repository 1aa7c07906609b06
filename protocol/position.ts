/**
 * A place in the events of an aggregate, such as where a command's commit is. Callers take it as it is: it is opaque to them, and only equal to
 * itself. In a URL it needs no escape.
 */
export type Position = {
  /** The name of the aggregate in its contract. */
  readonly aggregate: string;
  /** Of its event topic. */
  readonly partition: number;
  /** Of the commit's record. */
  readonly offset: number;
  /** Tells this log from one that had the same name before: see {@link generationOf}. */
  readonly generation: string;
};

/** A name of a contract, and no more digits than a partition and an offset have. */
const POSITION = /^([a-z][a-z0-9-]{0,63})\.(\d{1,6})\.(\d{1,16})\.([A-Za-z0-9_-]{1,12})$/;

const GENERATION_LENGTH = 12;

/** The generation of a partition: the beginning of the ID of its first record's commit, at offset 0, which is random and never deleted. */
export const generationOf = (firstCommit: string): string => firstCommit.slice(0, GENERATION_LENGTH);

/** As text: `<aggregate>.<partition>.<offset>.<generation>`. */
export const formatPosition = ({ aggregate, partition, offset, generation }: Position): string =>
  `${aggregate}.${partition}.${offset}.${generation}`;

/** Undefined for text that no {@link formatPosition} made. */
export const parsePosition = (text: string): Position | undefined => {
  const [, aggregate, partition, offset, generation] = POSITION.exec(text) ?? [];
  if (aggregate === undefined || generation === undefined) return undefined;
  const position = { aggregate, partition: Number(partition), offset: Number(offset), generation };
  return Number.isSafeInteger(position.offset) ? position : undefined;
};
