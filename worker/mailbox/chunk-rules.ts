import { MAX_CHUNKS, MAX_CHUNKS_BYTES } from "../../protocol/limits.ts";
import { bytesOf } from "../body.ts";
import type { ChunkCount, NewReply, StoredChunks } from "../status-store.ts";

/** What new chunks do to those that there are. */
export type ChunkChange = {
  readonly count: ChunkCount;
  readonly added: StoredChunks;
  /** Those that there are belong to an earlier run of the handler, and go. */
  readonly replaces: boolean;
};

/** The earlier runs of a handler that are remembered: of older ones nothing is on its way any more. */
const MAX_EARLIER = 16;

const NONE: ChunkCount = { execution: null, count: 0, bytes: 0, earlier: [] };

/**
 * Adds chunks behind those of the same run of the handler. The first chunk of another run begins anew, and ends the runs before it. So the chunks
 * that there are always are those of one run, from its first on, without a gap.
 * @param version of the status that has them
 * @returns `duplicate` if there is nothing new in them, or they are of an earlier run; `refused` if they are too many, or leave a gap
 */
export const addChunks = (
  current: ChunkCount = NONE,
  { execution, first, texts }: NonNullable<NewReply["emitted"]>,
  version: number,
): ChunkChange | "duplicate" | "refused" => {
  const isNew = execution !== current.execution;
  if (isNew && (first > 0 || current.earlier.includes(execution))) return "duplicate";
  const { count, bytes, earlier } = isNew ? closeExecution(current) : current;
  if (first > count) return "refused";
  const added = texts.slice(count - first);
  if (added.length === 0) return "duplicate";
  const all = { execution, count: count + added.length, bytes: added.reduce((sum, text) => sum + bytesOf(text), bytes), earlier };
  if (all.count > MAX_CHUNKS || all.bytes > MAX_CHUNKS_BYTES) return "refused";
  return { count: all, added: { version, execution, first: count, texts: added }, replaces: isNew };
};

/** No chunks, and none any more of the run that had emitted those that there were. */
export const closeExecution = <Count extends ChunkCount | undefined>(current: Count): Count | ChunkCount =>
  current === undefined || current.execution === null
    ? current
    : { execution: null, count: 0, bytes: 0, earlier: [...current.earlier, current.execution].slice(-MAX_EARLIER) };
