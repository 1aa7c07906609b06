import { expect, test } from "vitest";
import { as } from "../../support/tokens.ts";
import { openHost } from "./open-host.ts";

test("in production a host refuses credentials of which its proxy says that they came over plain HTTP", async () => {
  const { url } = await openHost({ variables: { ENVIRONMENT: "production" } });
  const call = async (forwarded: Record<string, string>) =>
    (await fetch(`${url}/status/x`, { headers: { ...(await as("ada")), ...forwarded } })).status;
  expect(await call({ "x-forwarded-proto": "http" })).toBe(403);
  expect(await call({ "x-forwarded-proto": "https" })).toBe(404);
  expect(await call({})).toBe(404);
});
