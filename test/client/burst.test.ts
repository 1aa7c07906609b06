import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { contract } from "../project/app/contract.ts";
import { createClient } from "../../client/index.ts";
import { SUM } from "./opened-client.ts";
import { pending, replied, scriptedServer, type Step, succeeded } from "./scripted-server.ts";

const REPORT = { account: "acme", lines: [] };

const isWaiting = (header: unknown): boolean => !String(header).includes("wait=0");

test("many requests at once that are answered at once take one exchange each", async () => {
  const server = await scriptedServer((response, { headers, method }) => {
    // As the Worker does: only who waits gets the reply itself.
    if (method === "POST" && isWaiting(headers.prefer)) replied({ sum: 5 })(response, {} as never);
    else
      (method === "POST" ? pending("accepted", 0, { "preference-applied": "respond-async" }) : succeeded({ sum: 5 }))(
        response,
        {} as never,
      );
  });
  const client = createClient<typeof contract>({ url: server.url });
  await Promise.all(Array.from({ length: 100 }, () => client.request("sum", SUM)));
  expect(server.calls).toHaveLength(100);
});

test("slow requests soon leave the connections to others", async () => {
  /** Answers to reports that wait. */
  const held: ServerResponse[] = [];
  const ranOut: Step = pending("accepted", 0, { "preference-applied": "wait=1" });
  let most = 0;
  let isLearning = true;
  const server = await scriptedServer((response, request) => {
    const { url = "", headers, method } = request;
    if (method === "GET") return succeeded({ sum: 5 })(response, request);
    if (url === "/requests/sum") return replied({ sum: 5 })(response, request);
    if (!isWaiting(headers.prefer)) return pending()(response, request);
    if (isLearning) return ranOut(response, request);
    held.push(response);
    most = Math.max(most, held.length);
  });
  const client = createClient<typeof contract>({ url: server.url });
  const reports = (count: number) => Promise.all(Array.from({ length: count }, () => client.request("report", REPORT)));
  await reports(20);
  isLearning = false;
  const slow = reports(20);
  // All of them come behind the reports: if those kept the connections, there would be no end.
  await Promise.all(Array.from({ length: 20 }, () => client.request("sum", SUM)));
  expect(most).toBe(1);
  client.close();
  await expect(slow).rejects.toMatchObject({ code: "CLOSED" });
});

test("many submitted requests are asked about at once, and never wait for a time to come back", async () => {
  const server = await scriptedServer((response, request) =>
    (request.method === "POST"
      ? pending("accepted", 0, { "retry-after": "3600", "preference-applied": "respond-async" })
      : succeeded({ sum: 5 }))(response, request),
  );
  const client = createClient<typeof contract>({ url: server.url });
  const replies = await Promise.all(Array.from({ length: 100 }, () => client.submit("sum", SUM).reply));
  expect(replies).toHaveLength(100);
  expect(server.calls).toHaveLength(200);
});
