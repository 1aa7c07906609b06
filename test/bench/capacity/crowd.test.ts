import { expect, test } from "vitest";
import { startCrowd } from "../../../bench/capacity/section.ts";
import { serveJson } from "../served-json.ts";

const accept = (origin: string) => ({ origin, method: "POST", path: "/requests/echo", body: "{}", status: 202 }) as const;

test("everybody waits for a reply to a request of its own, and goes away when told to", async () => {
  const waiting: string[] = [];
  let accepted = 0;
  const url = await serveJson(async ({ method, url: path, headers }) => {
    if (method === "POST") return { status: 202, body: { correlationId: `id-${++accepted}` } };
    waiting.push(`${path} ${String(headers["prefer"])}`);
    return new Promise(() => {});
  });
  const crowd = await startCrowd(accept(url), 3);
  expect(waiting.toSorted()).toEqual(["/status/id-1 wait=25", "/status/id-2 wait=25", "/status/id-3 wait=25"]);
  await crowd[Symbol.asyncDispose]();
});

test("one whom nobody lets wait is told of", async () => {
  const url = await serveJson(async ({ method }) =>
    method === "POST" ? { status: 202, body: { correlationId: "id" } } : { status: 503, body: "overloaded" },
  );
  const crowd = await startCrowd(accept(url), 1);
  await expect(crowd[Symbol.asyncDispose]()).rejects.toThrow("Expected 202 from GET /status/id, got 503");
});
