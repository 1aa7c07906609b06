import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../client/index.ts";
import { HOSTS, type Stack, startStack } from "../helpers/stack.ts";
import { contract } from "../project/app/contract.ts";

/** How many produce calls the gateway has answered, and how many records it has stored of them. */
const producedBy = async ({ gatewayUrl, secrets }: Stack): Promise<{ calls: number; records: number }> => {
  const authorization = `Basic ${btoa(`rejoinder:${secrets.gatewayPassword}`)}`;
  const response = await fetch(`${gatewayUrl}/metrics`, { headers: { authorization } });
  expect(response.status).toBe(200);
  const text = await response.text();
  const valueOf = (line: RegExp): number => Number(line.exec(text)?.[1] ?? 0);
  return {
    calls: valueOf(/^rejoinder_gateway_http_request_duration_seconds_count\{route="produce",status="200"\} (\d+)/m),
    records: valueOf(/^rejoinder_gateway_records_produced_total\{topic="requests"\} (\d+)/m),
  };
};

test.each(HOSTS)("a hundred requests in one call are each answered with their own reply, with the Worker in %s", async (host) => {
  const stack = await startStack({}, { host });
  onTestFinished(() => stack.remove());
  const client = createClient({ url: stack.url, contract });
  onTestFinished(() => client.close());
  const before = await producedBy(stack);
  const submissions = client.submitAll(Array.from({ length: 100 }, (_, a) => ({ operation: "sum", request: { a, b: 1 } }) as const));
  expect(new Set(await Promise.all(submissions.map(({ accepted }) => accepted))).size).toBe(100);
  const after = await producedBy(stack);
  // On Node the gateway is in the Worker's process, which makes no calls to it.
  expect([after.calls - before.calls, after.records - before.records]).toEqual([host === "node" ? 0 : 1, 100]);
  expect(await Promise.all(submissions.map(({ reply }) => reply))).toEqual(Array.from({ length: 100 }, (_, a) => ({ sum: a + 1 })));
});
