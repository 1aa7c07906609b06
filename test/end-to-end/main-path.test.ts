import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOSTS, type Stack, startStack, until } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";

describe.each(HOSTS)("with the Worker in %s", (host) => {
  let stack: Stack;
  let caller: Caller;
  beforeAll(async () => {
    stack = await startStack({}, { host });
    caller = createCaller(stack.url);
  });
  afterAll(() => stack.remove());

  test("a caller who waits gets the sum itself", async () => {
    const response = await caller.post("sum", { a: 2, b: 3 }, { prefer: "wait=10" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ sum: 5 });
    expect(response.headers.get("content-location")).toMatch(/^\/status\/[\w-]{63}$/);
  });

  test("a caller who does not wait is told where to look, and finds the reply there", async () => {
    const response = await caller.post("sum", { a: 20, b: 3 });
    expect(response.status).toBe(202);
    const accepted = (await response.json()) as { correlationId: string; state: string; version: number };
    expect(response.headers.get("location")).toBe(`/status/${accepted.correlationId}`);
    expect(accepted).toMatchObject({ state: "accepted", version: 0 });
    expect(await caller.end(accepted.correlationId)).toMatchObject({ operation: "sum", state: "succeeded", reply: { sum: 23 } });
  });

  test.each([null, "", "ÄÖ €\u0000\u{1F600}", [], { __proto__: null, "": [1, 2.5, { deep: [true] }] }])(
    "echo gives back what it was sent: %j",
    async (value) => {
      const response = await caller.post("echo", value, { prefer: "wait=10" });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual(value);
    },
  );

  test("a report is seen processing before it is there", async () => {
    const lines = [
      { date: "2026-01-15", product: "bolt", quantity: 100, unitPrice: 0.12 },
      { date: "2026-02-02", product: "bolt", quantity: 40, unitPrice: 0.5 },
    ];
    const sent = await caller.send("report", { account: "acme", lines });
    if (sent.outcome !== "accepted") throw new Error(`Expected to be accepted, got ${JSON.stringify(sent)}`);
    let first = await caller.status(sent.id);
    await until(async () => (first = await caller.status(sent.id)).state !== "accepted");
    expect(first).toMatchObject({ operation: "report", state: "processing" });
    const end = await caller.end(sent.id);
    expect(end).toMatchObject({ state: "succeeded", reply: { account: "acme", total: 32 } });
    expect(end.version).toBeGreaterThan(first.version);
  });

  test("two hundred callers at once each get their own sum", async () => {
    const sums = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const response = await caller.post("sum", { a: index, b: 1 }, { prefer: "wait=25" });
        return ((await response.json()) as { sum: number }).sum;
      }),
    );
    expect(sums).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  test("the page is there, with what it needs", async () => {
    const page = await fetch(`${stack.url}/`);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    const html = await page.text();
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect((await fetch(`${stack.url}${file}`)).status, file).toBe(200);
  });
});
