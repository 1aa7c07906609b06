import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConsumer } from "@rejoinder/sdk/consumer";
import { defineContract, operation } from "@rejoinder/sdk/contract";
import { startRejoinder } from "@rejoinder/sdk/testing";
import * as z from "zod";
import { expect, onTestFinished, test, vi } from "vitest";
import { PROJECT } from "../helpers/processes.ts";
import { HOSTS } from "../helpers/stack.ts";
import consumer from "../project/app/consumer.ts";

test.each(HOSTS)("a request takes the real path in %s, and nothing is left when the test ends", async (host) => {
  const temporary = mkdtempSync(join(tmpdir(), "rejoinder-nothing-left-"));
  onTestFinished(() => rmSync(temporary, { recursive: true }));
  vi.stubEnv("TMPDIR", temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  let url: string;
  {
    await using app = await startRejoinder(consumer, { directory: PROJECT, host });
    url = app.url;
    expect(await app.client.request("sum", { a: 2, b: 3 })).toEqual({ sum: 5 });
    expect((await fetch(url)).headers.get("content-type")).toMatch("text/html");
    // As a page does whose host has begun to point at this machine (DNS rebinding).
    const rebound = request(`${url}/contract`, { headers: { host: "evil.example" } }).end();
    const [refused] = (await once(rebound, "response")) as [IncomingMessage];
    refused.resume();
    expect(refused.statusCode).toBe(421);
  }
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  expect(readdirSync(temporary)).toEqual([]);
});

test("two of them run beside each other, each with handlers of its own", async () => {
  const wrong = { ...consumer, handlers: { ...consumer.handlers, sum: () => ({ sum: 0 }) } };
  const [one, other] = await Promise.all([startRejoinder(consumer, { directory: PROJECT }), startRejoinder(wrong, { directory: PROJECT })]);
  await using _one = one;
  await using _other = other;
  const request = { a: 2, b: 3 };
  expect([await one.client.request("sum", request), await other.client.request("sum", request)]).toEqual([{ sum: 5 }, { sum: 0 }]);
});

test.each(HOSTS)("another contract than that of the Worker in %s is refused, and what differs is named", async (host) => {
  const contract = defineContract({ double: operation({ request: z.number(), reply: z.number() }) });
  const other = defineConsumer({ contract, handlers: { double: (number) => number * 2 } });
  await expect(startRejoinder(other, { directory: PROJECT, host })).rejects.toThrow(
    /^Expected the contract of the given consumer, got another one from the Worker of \S+\/app\/worker\.ts: they differ in double, .*sum/,
  );
});

test("where there is no project it says how to make one", async () => {
  await expect(startRejoinder(consumer, { directory: "/" })).rejects.toThrow("npm create rejoinder my-app");
});
