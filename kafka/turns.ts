/** Where the batches without keys of one topic go. */
export type Turn = (topic: string, partitions: number, rank?: (partition: number) => number) => number;

/**
 * Gives batches of records without keys a partition each: the next in turn, of those whose `rank` is lowest. The first of a topic is random,
 * so that many producers that live briefly do not all fill the same one.
 */
export const createTurns = (random: () => number = Math.random): Turn => {
  const next = new Map<string, number>();
  return (topic, partitions, rank = () => 0) => {
    const first = next.get(topic) ?? Math.floor(random() * partitions);
    let [best, lowest] = [first, Number.POSITIVE_INFINITY];
    for (let step = 0; step < partitions && lowest > 0; step += 1) {
      const partition = (first + step) % partitions;
      const found = rank(partition);
      if (found < lowest) [best, lowest] = [partition, found];
    }
    next.set(topic, best + 1);
    return best % partitions;
  };
};

/** The partition of a key, by the rule of Kafka's default partitioner: `toPositive(murmur2(key)) % partitions`. */
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
