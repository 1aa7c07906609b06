import fc from "fast-check";
import { expect, test } from "vitest";
import { assignPartitions } from "../../kafka/assignment.ts";

type Partition = { readonly topic: string; readonly partition: number };
type Members = ReadonlyMap<string, ReadonlySet<string>>;

const TOPICS = ["a", "b", "c"];

const partitionsArbitrary = fc
  .tuple(...TOPICS.map(() => fc.integer({ min: 1, max: 7 })))
  .map((counts): Partition[] =>
    TOPICS.flatMap((topic, index) => Array.from({ length: counts[index] ?? 0 }, (_, partition) => ({ topic, partition }))),
  );
const membersArbitrary = fc
  .dictionary(fc.constantFrom("m1", "m2", "m3", "m4", "m5"), fc.subarray(TOPICS, { minLength: 1 }))
  .map((members): Members => new Map(Object.entries(members).map(([name, topics]) => [name, new Set(topics)])));
const historyArbitrary = fc.array(membersArbitrary, { minLength: 1, maxLength: 6 });

const sharesOf = (owners: ReadonlyMap<Partition, string>, members: Members): Map<string, number> => {
  const shares = new Map([...members.keys()].map((member) => [member, 0]));
  for (const owner of owners.values()) shares.set(owner, (shares.get(owner) ?? 0) + 1);
  return shares;
};

test("gives every partition that somebody reads to exactly one member, who subscribes to it, through any history", () => {
  fc.assert(
    fc.property(partitionsArbitrary, historyArbitrary, (partitions, history) => {
      let owners = new Map<Partition, string>();
      for (const members of history) {
        owners = assignPartitions(members, partitions, owners);
        for (const partition of partitions) {
          const readers = [...members].filter(([, topics]) => topics.has(partition.topic)).map(([name]) => name);
          const owner = owners.get(partition);
          if (readers.length === 0) expect(owner).toBeUndefined();
          else expect(readers).toContain(owner);
        }
      }
    }),
  );
});

test("shares so evenly that no single partition could be moved to make it more even", () => {
  fc.assert(
    fc.property(partitionsArbitrary, historyArbitrary, (partitions, history) => {
      let owners = new Map<Partition, string>();
      for (const members of history) {
        owners = assignPartitions(members, partitions, owners);
        const shares = sharesOf(owners, members);
        for (const [partition, owner] of owners)
          for (const [member, topics] of members)
            if (topics.has(partition.topic)) expect((shares.get(owner) ?? 0) - (shares.get(member) ?? 0)).toBeLessThan(2);
      }
    }),
  );
});

test("moves a partition between members who stay only towards the one who came", () => {
  fc.assert(
    fc.property(partitionsArbitrary, fc.integer({ min: 1, max: 5 }), (partitions, count) => {
      const before: Members = new Map(Array.from({ length: count }, (_, index) => [`m${index}`, new Set(TOPICS)]));
      const owners = assignPartitions(before, partitions, new Map<Partition, string>());
      const after = assignPartitions(new Map([...before, ["newcomer", new Set(TOPICS)]]), partitions, owners);
      for (const [partition, owner] of after) expect([owners.get(partition), "newcomer"]).toContain(owner);
      expect(sharesOf(after, new Map([...before, ["newcomer", new Set(TOPICS)]])).get("newcomer")).toBe(
        Math.floor(partitions.length / (count + 1)),
      );
    }),
  );
});

test("takes nothing from anybody but the one who went", () => {
  fc.assert(
    fc.property(partitionsArbitrary, fc.integer({ min: 2, max: 5 }), (partitions, count) => {
      const before: Members = new Map(Array.from({ length: count }, (_, index) => [`m${index}`, new Set(TOPICS)]));
      const owners = assignPartitions(before, partitions, new Map<Partition, string>());
      const after = assignPartitions(new Map([...before].slice(1)), partitions, owners);
      for (const [partition, owner] of owners) if (owner !== "m0") expect(after.get(partition)).toBe(owner);
    }),
  );
});
