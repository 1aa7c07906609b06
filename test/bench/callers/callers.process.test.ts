import { expect, test } from "vitest";
import { countCallers } from "../../../bench/callers/section.ts";

test("callers of each kind are answered, and what the Worker does for them is counted", async () => {
  const { tables } = await countCallers({ callersUsageMs: 200 }, () => {});
  const [{ lines }] = tables as [(typeof tables)[number]];
  const numbers = Object.fromEntries(lines.map((line) => [line.name, line.numbers]));
  expect(Object.keys(numbers)).toEqual([
    "public",
    "API key",
    "token, RS256",
    "new token, RS256",
    "token, ES256",
    "new token, ES256",
    "quota",
    "Idempotency-Key",
  ]);
  for (const [name, { "POST /requests": posts }] of Object.entries(numbers)) expect(posts, name).toBe(1);
  expect(numbers["public"]?.["call limits calls"]).toBeUndefined();
  expect(numbers["quota"]?.["call limits calls"]).toBeGreaterThan(0);
  // A row for the reply, one or more for the claim.
  expect(numbers["public"]?.["rows written"]).toBeCloseTo(1, 1);
  expect(numbers["Idempotency-Key"]?.["rows written"]).toBeGreaterThan(1.5);
  // A key is remembered for a while.
  expect(numbers["API key"]?.["KV get"] ?? 0).toBeLessThan(0.5);
});
