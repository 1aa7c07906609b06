import fc from "fast-check";
import { expect, test } from "vitest";
import type { Engine } from "../../gateway/engine.ts";
import { consumeRequest, ownership, produceValues } from "./engine-contract.ts";
import { openEngine } from "./open-engine.ts";

type Step =
  | { readonly do: "produce"; readonly partition: number; readonly count: number }
  | { readonly do: "consume"; readonly instance: string; readonly maxRecords: number; readonly written: boolean }
  | { readonly do: "commit"; readonly instance: string }
  | { readonly do: "leave"; readonly instance: string };

const PARTITIONS = [0, 1, 2, 3] as const;
const instanceArbitrary = fc.constantFrom("a", "b", "c");
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("produce"), partition: fc.constantFrom(...PARTITIONS), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    do: fc.constant("consume"),
    instance: instanceArbitrary,
    maxRecords: fc.integer({ min: 1, max: 5 }),
    written: fc.boolean(),
  }),
  fc.record({ do: fc.constant("commit"), instance: instanceArbitrary }),
  fc.record({ do: fc.constant("leave"), instance: instanceArbitrary }),
);

/** What a group must do, in the simplest words: an owner reads each partition from the commit on, without a gap. */
const createModel = (engine: Engine) => {
  const ends = [0, 0, 0, 0];
  const committed = [0, 0, 0, 0];
  const owners: (string | undefined)[] = [];
  const next = [0, 0, 0, 0];
  return {
    ends,
    owners,
    next,
    committed,
    async followOwnership(): Promise<void> {
      const owned = await ownership(engine);
      for (const partition of PARTITIONS) {
        const owner = Object.keys(owned).find((instance) => owned[instance]?.includes(partition));
        if (owner !== owners[partition]) next[partition] = committed[partition] ?? 0;
        owners[partition] = owner;
      }
    },
  };
};

type Model = ReturnType<typeof createModel>;

const run = async (engine: Engine, model: Model, step: Step): Promise<void> => {
  if (step.do === "produce") {
    await produceValues(engine, step.partition, ...Array.from({ length: step.count }, () => "x"));
    model.ends[step.partition] = (model.ends[step.partition] ?? 0) + step.count;
  } else if (step.do === "leave") {
    await engine.deleteConsumer({ group: "g", instance: step.instance }).catch(expect404);
  } else if (step.do === "commit") {
    if (await engine.commit({ group: "g", instance: step.instance }, []).then(() => true, expect404))
      for (const partition of PARTITIONS)
        if (model.owners[partition] === step.instance) model.committed[partition] = model.next[partition] ?? 0;
  } else {
    await consume(engine, model, step);
  }
  await model.followOwnership();
};

const consume = async (engine: Engine, model: Model, { instance, maxRecords, written }: Step & { do: "consume" }): Promise<void> => {
  const batch = await engine.consume(consumeRequest({ instance, maxRecords }));
  await model.followOwnership();
  const next = [...model.next];
  for (const { partition, offset } of batch.records) {
    expect([model.owners[partition], offset]).toEqual([instance, next[partition]]);
    next[partition] = offset + 1;
  }
  const left = PARTITIONS.filter(
    (partition) => model.owners[partition] === instance && (next[partition] ?? 0) < (model.ends[partition] ?? 0),
  );
  if (batch.records.length < maxRecords) expect(left).toEqual([]);
  batch.settle(written);
  if (written) model.next.splice(0, next.length, ...next);
};

const expect404 = (error: unknown): false => {
  expect(error).toMatchObject({ status: 404 });
  return false;
};

test("hands every record to its partition's owner, in order and without a gap, whatever happens to the group", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
      const engine = await openEngine({ topics: { t: PARTITIONS.length } });
      try {
        const model = createModel(engine);
        for (const step of steps) await run(engine, model, step);
      } finally {
        await engine.close();
      }
    }),
    { numRuns: 100 },
  );
});
