import { expect, test } from "vitest";
import { UsageError } from "../../../cli/command.ts";
import { readExpiry, readKeyId, readLength, readScopes } from "../../../cli/keys/key-arguments.ts";
import { createApiKey } from "../../../worker/identity/keys/api-key.ts";

const NOW = Date.parse("2026-11-28T00:00:00Z");

test("a key is named by its ID, or by the whole of it", () => {
  const { id, key } = createApiKey("live");
  expect([readKeyId(id), readKeyId(key)]).toEqual([id, id]);
});

test.each(["", "short", "toolongid", "0OIl0OIl", "rj_live_11111111_secret"])("%j names no key, and is not repeated", (text) => {
  expect(() => readKeyId(text)).toThrow(UsageError);
  if (text !== "") expect(() => readKeyId(text)).not.toThrow(text);
});

test("scopes are a list, each once", () => {
  expect(readScopes()).toEqual(["requests:*", "status:read"]);
  expect(readScopes("requests:sum, status:read,requests:sum")).toEqual(["requests:sum", "status:read"]);
  for (const text of ["", "requests:sum,", " , "]) expect(() => readScopes(text)).toThrow(/^Expected --scopes to be a list/);
});

test("a key ends at a time to come, or after a length of time", () => {
  expect(readExpiry(undefined, NOW)).toBeUndefined();
  expect(readExpiry("2027-01-31T00:00:00Z", NOW)).toBe(Date.parse("2027-01-31T00:00:00Z"));
  expect(readExpiry("90d", NOW)).toBe(NOW + 90 * 86_400_000);
  for (const text of ["", "0s", "90", "d", "tomorrow", "2027-01-31", "2026-11-27T00:00:00Z", "1e3d", "9999999999d"])
    expect(() => readExpiry(text, NOW)).toThrow(/^Expected --expires to be a time to come/);
});

test("an overlap is a length of time, also none", () => {
  expect([readLength("overlap", "0s"), readLength("overlap", "24h"), readLength("overlap", "30m")]).toEqual([0, 86_400, 1_800]);
  for (const text of ["", "24", "-1h", "1w"])
    expect(() => readLength("overlap", text)).toThrow(/^Expected --overlap to be a length of time/);
});
