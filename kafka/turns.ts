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
