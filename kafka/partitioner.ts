/** The partition of a key, as Kafka's default partitioner has it: `toPositive(murmur2(key)) % partitions`. */
export const partitionOfKey = (key: Buffer, partitions: number): number => (murmur2(key) & 0x7fff_ffff) % partitions;

const SEED = 0x9747_b28c;
const MULTIPLIER = 0x5bd1_e995;

/** The 32-bit murmur2 of `org.apache.kafka.common.utils.Utils`, as a signed integer. */
export const murmur2 = (bytes: Buffer): number => {
  let hash = SEED ^ bytes.length;
  const tail = bytes.length & ~3;
  for (let at = 0; at < tail; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  if (bytes.length > tail) {
    for (let at = bytes.length - 1; at >= tail; at -= 1) hash ^= (bytes[at] as number) << (8 * (at - tail));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
};
