import fc from "fast-check";
import { expect, test } from "vitest";
import { createRetryStage, failing, workRecord, workRequest } from "./stage.ts";

type Planned = { readonly key: string | null; readonly failures: number };

const ATTEMPTS = 3;

const plans = fc.array(
  fc.record<Planned>({
    key: fc.option(fc.constantFrom("a", "b", "c"), { nil: null }),
    failures: fc.integer({ min: 0, max: ATTEMPTS }),
  }),
  { maxLength: 25 },
);

test("whatever fails and however often, the requests of each key are handled in their order, and every one ends once", async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async (given, concurrency) => {
      const requests = given.map((_, index) => workRequest(String(index)));
      const { begun, work } = failing(Object.fromEntries(given.map(({ failures }, index) => [`${index}/`, failures])));
      const records = requests.map((request, index) => workRecord(request, given[index]?.key ?? null));
      const stage = createRetryStage({ records, concurrency, retry: { attempts: ATTEMPTS }, work: (name) => work(`${name}/`) });
      await stage.elapse(100_000);
      await stage.elapse(200);
      for (const key of ["a", "b", "c"]) {
        const attempts = begun.map((attempt) => Number(attempt.split("/")[0])).filter((index) => given[index]?.key === key);
        expect(attempts).toEqual(attempts.toSorted((one, other) => one - other));
      }
      for (const [index, request] of requests.entries()) {
        const failures = given[index]?.failures ?? 0;
        const ends = stage.sinks.statesOf(request).filter((state) => state !== "processing");
        expect(ends).toEqual([failures === ATTEMPTS ? "failed" : "succeeded"]);
        expect(begun.filter((attempt) => attempt.startsWith(`${index}/`))).toHaveLength(Math.min(failures + 1, ATTEMPTS));
      }
      expect(stage.source.produced).toHaveLength(given.filter(({ failures }) => failures === ATTEMPTS).length);
      expect(stage.source.commits.at(-1)?.offset ?? 0).toBe(given.length);
      await stage.consumer.drain(0);
    }),
    { numRuns: 40 },
  );
});
