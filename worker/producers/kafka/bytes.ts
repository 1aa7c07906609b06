/** Writes what Kafka's protocol is made of (https://kafka.apache.org/protocol#protocol_types) into a buffer that grows. */
export type ByteWriter = ReturnType<typeof createByteWriter>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Up to here a loop is faster than the encoder, which leaves JavaScript. */
const SHORT_TEXT = 48;
const MOST_VARINT_BYTES = 5;
const TWO_TO_32 = 2 ** 32;

/** @param capacity how many bytes are expected; more are taken as well */
export const createByteWriter = (capacity: number) => {
  let bytes = new Uint8Array(capacity);
  let view = new DataView(bytes.buffer);
  let end = 0;

  const reserve = (count: number): void => {
    if (end + count <= bytes.length) return;
    const larger = new Uint8Array(Math.max(end + count, bytes.length * 2));
    larger.set(bytes.subarray(0, end));
    bytes = larger;
    view = new DataView(bytes.buffer);
  };

  const putVarint = (at: number, value: number): void => {
    let rest = zigzag(value);
    let position = at;
    while (rest > 0x7f) {
      bytes[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[position] = rest;
  };

  /** Writes text as UTF-8, and lone surrogates as U+FFFD. */
  const utf8 = (text: string): void => {
    const { length } = text;
    if (length <= SHORT_TEXT) {
      reserve(length);
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        bytes[end + index] = code;
      }
      if (index === length) {
        end += length;
        return;
      }
    }
    reserve(length);
    let rest = text;
    for (;;) {
      const { read, written } = encoder.encodeInto(rest, bytes.subarray(end));
      end += written;
      if (read === rest.length) return;
      rest = rest.slice(read);
      reserve(rest.length * 3);
    }
  };

  const beginVarint = (expectedLength: number): number => {
    reserve(MOST_VARINT_BYTES);
    end += varintSize(expectedLength);
    return end;
  };

  const endVarint = (start: number, expectedLength: number): void => {
    const length = end - start;
    const expected = varintSize(expectedLength);
    const moved = varintSize(length) - expected;
    if (moved !== 0) {
      reserve(MOST_VARINT_BYTES);
      bytes.copyWithin(start + moved, start, end);
      end += moved;
    }
    putVarint(start - expected, length);
  };

  return {
    /** How many bytes are written. */
    get length(): number {
      return end;
    },
    /** What is written, without a copy: the writer is done. */
    finish: (): Uint8Array => bytes.subarray(0, end),
    /** Takes back everything from there on. */
    truncate(length: number): void {
      end = length;
    },
    /** A part of what is written, until the next write. */
    slice: (from: number): Uint8Array => bytes.subarray(from, end),
    int8(value: number): void {
      reserve(1);
      view.setInt8(end, value);
      end += 1;
    },
    int16(value: number): void {
      reserve(2);
      view.setInt16(end, value);
      end += 2;
    },
    int32(value: number): void {
      reserve(4);
      view.setInt32(end, value);
      end += 4;
    },
    /** A whole number up to 2^53, or a negative one. */
    int64(value: number): void {
      reserve(8);
      view.setInt32(end, Math.floor(value / TWO_TO_32));
      view.setInt32(end + 4, value % TWO_TO_32);
      end += 8;
    },
    /** Overwrites what an earlier `int32` wrote. */
    setInt32(at: number, value: number): void {
      view.setInt32(at, value);
    },
    varint(value: number): void {
      reserve(MOST_VARINT_BYTES);
      putVarint(end, value);
      end += varintSize(value);
    },
    /**
     * Begins what stands behind its length as a varint. That length, and so its size, shows only at the end: if the expected one has another
     * size, the bytes move.
     */
    beginVarint,
    /** @param start what `beginVarint` returned */
    endVarint,
    /** Text behind its length as a varint. */
    varintText(text: string): void {
      const start = beginVarint(text.length);
      utf8(text);
      endVarint(start, text.length);
    },
    /** Text behind its length as an int16; null as -1. */
    text(text: string | null): void {
      reserve(2);
      const start = end;
      end += 2;
      if (text !== null) utf8(text);
      view.setInt16(start, text === null ? -1 : end - start - 2);
    },
    /** Bytes behind their length as an int32. */
    bytes(value: Uint8Array): void {
      reserve(4 + value.length);
      view.setInt32(end, value.length);
      bytes.set(value, end + 4);
      end += 4 + value.length;
    },
  };
};

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

const varintSize = (value: number): number => {
  const unsigned = zigzag(value);
  if (unsigned < 0x80) return 1;
  if (unsigned < 0x4000) return 2;
  if (unsigned < 0x20_0000) return 3;
  return unsigned < 0x1000_0000 ? 4 : 5;
};

/** Reads what Kafka's protocol is made of. */
export type ByteReader = ReturnType<typeof createByteReader>;

/** Everything throws RangeError where the bytes end too early. */
export const createByteReader = (bytes: Uint8Array) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): number => {
    if (count < 0 || at + count > bytes.length) throw new RangeError("The answer ends too early.");
    at += count;
    return at - count;
  };
  const int32 = (): number => view.getInt32(take(4));
  const text = (length: number): string | null => (length < 0 ? null : decoder.decode(bytes.subarray(take(length), at)));
  return {
    int8: (): number => view.getInt8(take(1)),
    int16: (): number => view.getInt16(take(2)),
    int32,
    /** Exact up to 2^53. */
    int64(): number {
      const start = take(8);
      return view.getInt32(start) * TWO_TO_32 + view.getUint32(start + 4);
    },
    /** Text behind its length as an int16; null if that is negative. */
    text: (): string | null => text(view.getInt16(take(2))),
    bytes: (): Uint8Array => bytes.subarray(take(int32()), at),
    /** Elements behind their number as an int32. */
    array<Element>(read: () => Element): Element[] {
      const elements: Element[] = [];
      for (let left = int32(); left > 0; left--) elements.push(read());
      return elements;
    },
  };
};
