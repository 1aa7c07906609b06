import { expect, test } from "vitest";
import { as } from "../../support/tokens.ts";
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

test("the log tells callers apart by a tag, and neither who they are nor their credentials are in it", async () => {
  const { host, lines } = await openLogged({ REQUEST_LOG: "on" });
  const ada = await as("ada@example.com");
  const { correlationId } = (await (
    await fetch(`${host.url}/requests/sum`, {
      method: "POST",
      headers: { "content-type": "application/json", ...ada },
      body: '{"a":2,"b":3}',
    })
  ).json()) as { correlationId: string };
  const { token } = (await (await fetch(`${host.url}/status/${correlationId}/token`, { method: "POST", headers: ada })).json()) as {
    token: string;
  };
  await fetch(`${host.url}/status/${correlationId}?token=${token}`);
  await fetch(`${host.url}/status/${correlationId}?token=${token}x`);
  const callers = lines.map(([line]) => (line as { caller?: string }).caller);
  expect(callers).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/), callers[0], callers[0], undefined]);
  const text = JSON.stringify(lines);
  for (const secret of [token, ada.authorization.slice(7), "ada@"]) expect(text).not.toContain(secret);
});
