import { expect, test } from "vitest";
import { openHost, postSum } from "./open-host.ts";

const openLogged = async (variables: Record<string, string>) => {
  const lines: unknown[][] = [];
  const host = await openHost({ variables, log: { info: (...line: unknown[]) => void lines.push(line), warn: () => {}, error: () => {} } });
  return { host, lines };
};

test("a host in production writes a line for each request to its log", async () => {
  const { host, lines } = await openLogged({ ENVIRONMENT: "production" });
  const response = await postSum(host.url);
  const correlationId = response.headers.get("location")?.replace("/status/", "");
  expect(lines).toEqual([
    [{ method: "POST", route: "/requests/:operation", status: 202, ms: expect.any(Number), operation: "sum", correlationId }, "request"],
  ]);
});

test("elsewhere it writes none", async () => {
  const { host, lines } = await openLogged({});
  await postSum(host.url);
  expect(lines).toEqual([]);
});
