/**
 * Who of a group reads which partition. Every partition that somebody subscribes to has exactly one owner, who subscribes to it;
 * shares are as even as the subscriptions allow; and a partition keeps its owner where that is possible,
 * since a move makes the next owner repeat what was not committed.
 * @param members the topics of each member, by name
 */
export const assignPartitions = <Partition extends { readonly topic: string }>(
  members: ReadonlyMap<string, ReadonlySet<string>>,
  partitions: Iterable<Partition>,
  previous: ReadonlyMap<Partition, string>,
): Map<Partition, string> => {
  const owners = new Map<Partition, string>();
  const shares = new Map<string, number>([...members.keys()].map((member) => [member, 0]));
  const give = (partition: Partition, member: string): void => {
    const before = owners.get(partition);
    if (before !== undefined) shares.set(before, shareOf(before) - 1);
    owners.set(partition, member);
    shares.set(member, shareOf(member) + 1);
  };
  const shareOf = (member: string): number => shares.get(member) ?? 0;
  const leastLoaded = ({ topic }: Partition): string | undefined => {
    let least: string | undefined;
    for (const [member, topics] of members)
      if (topics.has(topic) && (least === undefined || shareOf(member) < shareOf(least))) least = member;
    return least;
  };

  const free: Partition[] = [];
  for (const partition of partitions) {
    const owner = previous.get(partition);
    if (owner !== undefined && members.get(owner)?.has(partition.topic) === true) give(partition, owner);
    else free.push(partition);
  }
  for (const partition of free) {
    const member = leastLoaded(partition);
    if (member !== undefined) give(partition, member);
  }
  // Each move makes the sum of the squared shares smaller, so this ends.
  for (let moved = true; moved;) {
    moved = false;
    for (const [partition, owner] of owners) {
      const member = leastLoaded(partition);
      if (member === undefined || shareOf(owner) - shareOf(member) < 2) continue;
      give(partition, member);
      moved = true;
    }
  }
  return owners;
};
