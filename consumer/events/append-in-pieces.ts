import { AppendError, type NewEventRecord } from "./event-log.ts";

export type PieceLimits = {
  /** As {@link sizeOf} counts them. */
  readonly bytes: number;
  readonly records: number;
};

/** What a record adds to a piece beside its text. */
const RECORD_OVERHEAD_BYTES = 128;
const HEADER_OVERHEAD_BYTES = 32;

/**
 * Appends records as one piece if they fit, or else as several, each when the one before it is stored: so they stay in their order.
 * @param append stores one piece. @throws AppendError
 * @throws AppendError `unknown` once a piece is stored and a later one is not
 */
export const appendInPieces = async (
  records: readonly NewEventRecord[],
  limits: PieceLimits,
  append: (piece: readonly NewEventRecord[]) => Promise<readonly number[]>,
): Promise<readonly number[]> => {
  const offsets: number[] = [];
  for (const piece of piecesOf(records, limits)) {
    try {
      for (const offset of await append(piece)) offsets.push(offset);
    } catch (error) {
      if (offsets.length === 0 || !(error instanceof AppendError)) throw error;
      throw new AppendError("unknown", `${offsets.length} of ${records.length} records were appended: ${error.message}`, error);
    }
  }
  return offsets;
};

/** A piece has one record at least. */
const piecesOf = (records: readonly NewEventRecord[], limits: PieceLimits): readonly (readonly NewEventRecord[])[] => {
  const pieces: NewEventRecord[][] = [];
  let piece: NewEventRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    if (piece.length === limits.records || (piece.length > 0 && bytes + size > limits.bytes)) {
      pieces.push(piece);
      piece = [];
      bytes = 0;
    }
    piece.push(record);
    bytes += size;
  }
  return piece.length === 0 ? pieces : [...pieces, piece];
};

/** The bytes of a record, and roughly those that it adds to a batch. */
const sizeOf = ({ key = "", value, headers }: NewEventRecord): number =>
  headers.reduce(
    (bytes, header) => bytes + Buffer.byteLength(header.key) + Buffer.byteLength(header.value) + HEADER_OVERHEAD_BYTES,
    Buffer.byteLength(key) + Buffer.byteLength(value) + RECORD_OVERHEAD_BYTES,
  );
