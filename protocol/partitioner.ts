/** The partition of a key (UTF-8), by the rule of Kafka's default partitioner: `toPositive(murmur2(key)) % partitions`. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number => (murmur2(key) & 0x7fff_ffff) % partitions;

const SEED = 0x9747_b28c;
const MULTIPLIER = 0x5bd1_e995;

/** The 32-bit murmur2 of `org.apache.kafka.common.utils.Utils`, as a signed integer. */
export const murmur2 = (bytes: Uint8Array): number => {
  const { length } = bytes;
  const at = (index: number): number => bytes[index] as number;
  let hash = SEED ^ length;
  const tail = length & ~3;
  for (let index = 0; index < tail; index += 4) {
    const word = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24);
    const mixed = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(mixed ^ (mixed >>> 24), MULTIPLIER);
  }
  if (length > tail) {
    for (let index = length - 1; index >= tail; index--) hash ^= at(index) << (8 * (index - tail));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
};
