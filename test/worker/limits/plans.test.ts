import { expect, test } from "vitest";
import { checkPlans, periodOf, type Plans } from "../../../worker/limits/plans.ts";

test("all that is wrong with plans is told at once", () => {
  const wrong = { "Free Plan": {}, free: { burst: { requests: 0, seconds: 30 }, quotas: {} }, paid: { concurrent: 2_000 } };
  expect(() => checkPlans(wrong as unknown as Plans)).toThrow(
    expect.objectContaining({
      problems: expect.arrayContaining([
        expect.stringMatching(/^plans\.Free Plan: /),
        expect.stringMatching(/^plans\.free\.burst\.requests: /),
        expect.stringMatching(/^plans\.free\.burst\.seconds: /),
        expect.stringMatching(/^plans\.paid\.concurrent: /),
      ]) as string[],
    }) as Error,
  );
});

test.each([
  ["day", "2026-12-31T23:59:59.999Z", "2026-12-31", "2026-12-31T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
  ["month", "2026-12-31T23:59:59.999Z", "2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
  ["month", "2028-02-01T00:00:00.000Z", "2028-02", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"],
] as const)("the %s of %s is %s", (per, at, name, beginsAt, endsAt) => {
  expect(periodOf(Date.parse(at), per)).toEqual({ name, beginsAt: Date.parse(beginsAt), endsAt: Date.parse(endsAt) });
});
