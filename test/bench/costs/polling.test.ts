import { expect, onTestFinished, test } from "vitest";
import { createPollingCalls } from "../../../bench/costs/usage.ts";
import { serveJson } from "../served-json.ts";

/** Is asked so often before it has this state. */
const serve = async (pendingTimes: number, state: string) => {
  const asked: string[] = [];
  const headers = { "retry-after": "0" };
  const origin = await serveJson(async ({ method, url = "" }) => {
    asked.push(`${method} ${url}`);
    if (method === "POST") return { status: 202, headers, body: { correlationId: "id" } };
    return asked.length <= pendingTimes + 1 ? { status: 202, headers, body: { state: "accepted" } } : { status: 200, body: { state } };
  });
  const caller = await createPollingCalls({ origin, method: "POST", path: "/requests/sum", body: "{}", status: 202 }).open();
  onTestFinished(() => caller[Symbol.asyncDispose]());
  return { asked, caller };
};

test("the status is asked for until the request has succeeded", async () => {
  const { asked, caller } = await serve(1, "succeeded");
  await caller.call();
  expect(asked).toEqual(["POST /requests/sum", "GET /status/id", "GET /status/id"]);
});

test("a request that fails is no result", async () => {
  const { caller } = await serve(0, "failed");
  await expect(caller.call()).rejects.toThrow('Expected the request to succeed, got {"state":"failed"}');
});
