import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { ByteWriter } from "./bytes.ts";

/** What a batch and a record add to their text, at most, if the text is ASCII: to guess how large a buffer must be. */
export const BATCH_OVERHEAD = 61;
export const RECORD_OVERHEAD = 20;
export const HEADER_OVERHEAD = 4;

const MAGIC = 2;
/** From the length of a batch to its checksum: leader epoch, magic and the checksum itself. */
const BEFORE_CHECKED_BYTES = 9;
/** Most records have 64 to 8,191 bytes, whose length takes two. */
const USUAL_RECORD_BYTES = 1_000;

/**
 * Writes records as a batch of version 2 without compression (https://kafka.apache.org/documentation/#recordbatch), and returns how many it
 * took: at least one, and more as long as they have at most `maxBytes` together.
 * @param timestampMs of all records, in milliseconds since 1970
 */
export const writeRecordBatch = (
  writer: ByteWriter,
  records: readonly ProducerRecord[],
  { timestampMs, maxBytes }: { readonly timestampMs: number; readonly maxBytes: number },
): number => {
  const start = writer.length;
  writer.int64(0); // the broker sets the offset
  const lengthAt = writer.length;
  writer.int32(0);
  writer.int32(0); // and the leader epoch
  writer.int8(MAGIC);
  writer.int32(0);
  const checkedFrom = writer.length;
  writer.int16(0); // no compression, the records' own time, no transaction
  writer.int32(0);
  writer.int64(timestampMs);
  writer.int64(timestampMs);
  writer.int64(-1); // no idempotence: nothing is sent twice
  writer.int16(0);
  writer.int32(0);
  const countAt = writer.length;
  writer.int32(0);

  let count = 0;
  for (const record of records) {
    const before = writer.length;
    writeRecord(writer, record, count);
    if (count > 0 && writer.length - start > maxBytes) {
      writer.truncate(before);
      break;
    }
    count++;
  }

  writer.setInt32(lengthAt, writer.length - lengthAt - 4);
  writer.setInt32(checkedFrom + 2, count - 1);
  writer.setInt32(countAt, count);
  writer.setInt32(lengthAt + BEFORE_CHECKED_BYTES, crc32c(writer.slice(checkedFrom)));
  return count;
};

const writeRecord = (writer: ByteWriter, { key, value, headers }: ProducerRecord, offsetDelta: number): void => {
  const start = writer.beginVarint(USUAL_RECORD_BYTES);
  writer.int8(0);
  writer.varint(0); // later than the batch
  writer.varint(offsetDelta);
  if (key === undefined) writer.varint(-1);
  else writer.varintText(key);
  writer.varintText(value);
  writer.varint(headers.length);
  for (const header of headers) {
    writer.varintText(header.key);
    writer.varintText(header.value);
  }
  writer.endVarint(start, USUAL_RECORD_BYTES);
};

const CASTAGNOLI = 0x82f6_3b78;

const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
  return value;
});

/** The checksum CRC-32C of RFC 3720 §12.1, as a signed integer. */
export const crc32c = (bytes: Uint8Array): number => {
  let sum = -1;
  for (let at = 0; at < bytes.length; at++) sum = (TABLE[(sum ^ (bytes[at] as number)) & 0xff] as number) ^ (sum >>> 8);
  return ~sum;
};
