import { describe, expect, test } from "vitest";
import type { contract } from "../project/app/contract.ts";
import { createClient } from "../../client/index.ts";
import { failureOf, openClient, SUM } from "./opened-client.ts";
import { html, ID, pending, replied, silence } from "./scripted-server.ts";

describe("an AbortSignal", () => {
  const reason = new Error("no longer wanted");

  test("that is aborted before keeps the request from being sent", async () => {
    const { client, server } = await openClient(replied({ sum: 5 }));
    const error = await failureOf(client.request("sum", SUM, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: "ABORTED", cause: reason });
    expect(server.calls).toEqual([]);
  });

  test.each([
    ["while the POST is under way", 1, [silence]],
    ["while the status waits", 2, [pending(), silence]],
    ["while it pauses after a failure", 2, [pending(), html(503)]],
  ] as const)("ends the wait %s", async (_, calls, script) => {
    const { client, server } = await openClient(...script);
    const controller = new AbortController();
    const failure = failureOf(client.request("sum", SUM, { signal: controller.signal }));
    await server.arrived(calls);
    controller.abort(reason);
    expect(await failure).toMatchObject({ code: "ABORTED", cause: reason });
  });

  test("ends the wait for a connection", async () => {
    const { server } = await openClient(silence);
    const client = createClient<typeof contract>({ url: server.url, maxConnections: 1 });
    const first = failureOf(client.request("sum", SUM));
    await server.arrived(1);
    const controller = new AbortController();
    const second = failureOf(client.request("sum", SUM, { signal: controller.signal }));
    controller.abort(reason);
    expect(await second).toMatchObject({ code: "ABORTED" });
    client.close();
    expect(await first).toMatchObject({ code: "CLOSED" });
    expect(server.calls).toHaveLength(1);
  });

  test("that is aborted afterwards changes nothing", async () => {
    const { client } = await openClient(replied({ sum: 5 }));
    const controller = new AbortController();
    const reply = await client.request("sum", SUM, { signal: controller.signal });
    controller.abort(reason);
    expect(reply).toEqual({ sum: 5 });
  });
});

describe("close", () => {
  test("rejects everything that waits, and all that is asked afterwards", async () => {
    const { client, server } = await openClient(silence);
    const failures = [
      failureOf(client.request("sum", SUM)),
      failureOf(client.submit("sum", SUM).reply),
      failureOf(client.resume(ID).reply),
    ];
    await server.arrived(3);
    client.close();
    for (const failure of failures) expect(await failure).toMatchObject({ code: "CLOSED" });
    expect(await failureOf(client.request("sum", SUM))).toMatchObject({ code: "CLOSED" });
    expect(server.calls).toHaveLength(3);
  });
});
