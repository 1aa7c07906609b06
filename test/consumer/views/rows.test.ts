import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPartitionLog, foldFromScratch, openWriter, type PartitionLog, type StagedWriter, until } from "./stage.ts";

type Step =
  | { readonly do: "credit"; readonly keys: readonly number[]; readonly to?: number | undefined }
  | { readonly do: "close" | "void"; readonly key: number }
  | { readonly do: "other" }
  | { readonly do: "die" | "reset" }
  | { readonly do: "take" | "dieTaking" | "turns"; readonly count: number }
  | { readonly do: "version"; readonly version: number };

type Happening = Extract<Step, { readonly do: "credit" } | { readonly key: number } | { readonly do: "other" }>;

const key = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("credit" as const),
      keys: fc.array(key, { maxLength: 12 }),
      to: fc.option(key, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("close" as const, "void" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("other" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("die" as const, "reset" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("take" as const, "dieTaking" as const, "turns" as const), count: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("version" as const), version: fc.integer({ min: 1, max: 3 }) }) },
);

test("rows are as if they were folded once from the beginning, whatever crashes, moves or changes its version", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const folder = mkdtempSync(join(tmpdir(), "rejoinder-rows-"));
      const events = createPartitionLog({ perRead: 5 });
      let version = 1;
      const open = (isReset = false): StagedWriter => openWriter({ file: join(folder, "state.sqlite"), events, version, isReset });
      let writer = open();
      try {
        for (const one of steps) {
          if (one.do === "die" || one.do === "reset" || one.do === "version") {
            writer.die();
            if (one.do === "version") ({ version } = one);
            writer = open(one.do === "reset");
          } else if (one.do === "dieTaking") {
            writer.dieTaking(one.count);
            writer = open();
          } else if (one.do === "take") writer.take(one.count);
          else if (one.do === "turns")
            for (let turn = 0; turn < one.count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          else happen(events, one as Happening);
        }
        writer.take();
        await until(() => writer.views().every(({ state, lag }) => state === "live" && lag === 0));
        expect(writer.rows()).toEqual(foldFromScratch(events, version));
      } finally {
        await writer.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

const happen = (events: PartitionLog, one: Happening): void => {
  if (one.do === "credit")
    for (const [index, number] of one.keys.entries()) {
      const to = one.to === undefined ? {} : { to: `row-${one.to}` };
      events.append(`key-${number}`, { type: "credited", data: { cents: index + 1, ...to } }, { type: "credited", data: { cents: 10 } });
    }
  else if (one.do === "close") events.append(`key-${one.key}`, { type: "closed", data: {} });
  else if (one.do === "void") events.appendVoid(`key-${one.key}`);
  else events.appendOther();
};
