import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Client, ClientError, createClient } from "../../client/index.ts";
import { contract } from "../project/app/contract.ts";
import { launchBrowser } from "../helpers/browser.ts";
import { type Stack, startStack } from "../helpers/stack.ts";
import { type ForeignPage, serveForeignPage } from "./foreign-page.ts";

const REPORT = { account: "acme", lines: [{ date: "2026-01-15", product: "bolt", quantity: 100, unitPrice: 0.12 }] };

let foreign: ForeignPage;
let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  foreign = await serveForeignPage();
  [stack, browser] = await Promise.all([startStack({ CORS_ORIGINS: `http://localhost:${foreign.port}` }), launchBrowser()]);
});
afterAll(async () => {
  foreign?.close();
  await Promise.all([stack?.remove(), browser?.close()]);
});

describe("the client in Node", () => {
  const open = (): Client<typeof contract> => {
    const client = createClient({ url: stack.url, contract });
    onTestFinished(() => client.close());
    return client;
  };

  test("calls an operation like a function", async () => {
    expect(await open().request("sum", { a: 2, b: 3 })).toEqual({ sum: 5 });
  });

  test("watches a slow request on its way, which another client takes up", async () => {
    const submission = open().submit("report", REPORT);
    const states: string[] = [];
    submission.onChange(({ state }) => states.push(state));
    const correlationId = await submission.accepted;
    expect(await submission.status()).toMatchObject({ correlationId });
    const resumed = open().resume(correlationId, { operation: "report" });
    expect(await submission.reply).toMatchObject({ account: "acme", total: 12 });
    expect(await resumed.reply).toEqual(await submission.reply);
    expect([states[0], states.at(-1)]).toEqual(["accepted", "succeeded"]);
  });

  test("gives up waiting when it is told to, while the request goes on to its reply", async () => {
    const client = open();
    const failure = (await client.request("report", REPORT, { timeoutMs: 1000 }).catch((error: unknown) => error)) as ClientError;
    expect(failure).toMatchObject({ name: "ClientError", code: "TIMEOUT", correlationId: expect.any(String) });
    expect(await client.resume(String(failure.correlationId)).reply).toMatchObject({ total: 12 });
  });

  test("gets its reply though the runtime of the Worker is killed while it waits", async () => {
    const submission = open().submit("report", REPORT);
    await submission.accepted;
    await stack.crash("workerd");
    expect(await submission.reply).toMatchObject({ total: 12 });
  });
});

describe("a request whose handler says how far it is", () => {
  const open = (): Client<typeof contract> => {
    const client = createClient({ url: stack.url, contract });
    onTestFinished(() => client.close());
    return client;
  };

  test("is followed by its progress, and gives all chunks with its last status", async () => {
    const submission = open().submit("countdown", { from: 5, everyMs: 300 });
    const percents: number[] = [];
    let last: unknown;
    for await (const { progress, chunks } of submission) {
      if (progress !== undefined) percents.push(progress.percent);
      last = chunks;
    }
    expect(last).toEqual([4, 3, 2, 1, 0].map((left) => ({ left })));
    expect(percents[0]).toBe(20);
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    expect(new Set(percents).size).toBeGreaterThan(1);
    expect(await submission.reply).toEqual({ counted: 5 });
  });

  test("gives each chunk once and in order, though the runtime of the Worker is killed while they come", async () => {
    const submission = open().submit("countdown", { from: 30, everyMs: 100 });
    const left: number[] = [];
    for await (const chunk of submission.chunks()) {
      left.push(chunk.left);
      if (left.length === 5) await stack.crash("workerd");
    }
    expect(left).toEqual(Array.from({ length: 30 }, (_, index) => 29 - index));
  });

  test("begins its chunks anew when the consumer is killed, which who listens is told", async () => {
    const submission = open().submit("countdown", { from: 12, everyMs: 200 });
    const seen: (number | "reset")[] = [];
    for await (const chunk of submission.chunks({ onReset: () => seen.push("reset") })) {
      seen.push(chunk.left);
      if (seen.length === 3) await stack.crash("consumer");
    }
    const reset = seen.indexOf("reset");
    expect(seen.slice(0, reset)).toEqual(Array.from({ length: reset }, (_, index) => 11 - index));
    expect(seen.slice(reset + 1)).toEqual(Array.from({ length: 12 }, (_, index) => 11 - index));
  });

  test("is taken up by another client from its first chunk", async () => {
    const submission = open().submit("countdown", { from: 8, everyMs: 200 });
    for await (const { left } of submission.chunks()) if (left < 6) break;
    const resumed = open().resume(await submission.accepted, { operation: "countdown" });
    const left: number[] = [];
    for await (const chunk of resumed.chunks()) left.push(chunk.left);
    expect(left).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test("is cancelled while it runs, and is cancelled no more once it has ended", async () => {
    const submission = open().submit("countdown", { from: 1_000, everyMs: 200 });
    for await (const { state } of submission) if (state === "processing") break;
    expect(await submission.cancel()).toMatchObject({ state: "cancelling" });
    await expect(submission.reply).rejects.toMatchObject({ code: "CANCELLED", status: 409 });
    await expect(submission.cancel()).rejects.toMatchObject({ code: "ALREADY_ENDED", problem: { state: "cancelled" } });
  });
});

describe("the client in a page of another origin, under a strict Content-Security-Policy", () => {
  const openPage = async (host = "localhost"): Promise<Page> => {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    page.setDefaultTimeout(60_000);
    await page.goto(foreign.url(host, stack.url));
    return page;
  };
  /** Runs a script on the page, in which `client` is a client of the Worker. */
  const run = <Result>(page: Page, script: string): Promise<Result> =>
    page.evaluate(`(async () => { const client = createClient({ url: ${JSON.stringify(stack.url)} }); ${script} })()`);

  test("calls an operation like a function", async () => {
    expect(await run(await openPage(), "return client.request('sum', { a: 2, b: 3 })")).toEqual({ sum: 5 });
  });

  test("sends a thousand requests at once, and each gets its own reply", async () => {
    const sums = await run<{ sum: number }[]>(
      await openPage(),
      "return Promise.all(Array.from({ length: 1000 }, (_, a) => client.request('sum', { a, b: 1 })))",
    );
    expect(sums).toEqual(Array.from({ length: 1000 }, (_, index) => ({ sum: index + 1 })));
  });

  test("takes up a request again after the page was loaded anew", async () => {
    const page = await openPage();
    const id = await run<string>(page, `return client.submit('report', ${JSON.stringify(REPORT)}).accepted`);
    await page.reload();
    expect(await run(page, `return client.resume(${JSON.stringify(id)}).reply`)).toMatchObject({ account: "acme", total: 12 });
  });

  test("is given chunks as they come, across a reload of the page", async () => {
    const page = await openPage();
    const begin = `
      const submission = client.submit('countdown', { from: 10, everyMs: 200 });
      for await (const { left } of submission.chunks()) if (left < 8) return submission.correlationId;`;
    const id = await run<string>(page, begin);
    await page.reload();
    const goOn = `
      const chunks = [];
      for await (const { left } of client.resume(${JSON.stringify(id)}).chunks()) chunks.push(left);
      return chunks;`;
    expect(await run(page, goOn)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test("cancels a request", async () => {
    const script = `
      const submission = client.submit('countdown', { from: 1000, everyMs: 200 });
      const { state } = await submission.cancel();
      return [state, await submission.reply.catch(({ code }) => code)];`;
    expect(await run(await openPage(), script)).toEqual(["cancelling", "CANCELLED"]);
  });

  test("is told the problem of a request that is wrong", async () => {
    const script =
      "return client.request('sum', { a: 2 }).catch(({ code, status, problem }) => ({ code, status, errors: problem.errors }))";
    expect(await run(await openPage(), script)).toMatchObject({ code: "INVALID_REQUEST", status: 422, errors: [{ path: "/b" }] });
  });

  test("is told where to look when the Worker does not let its origin call", async () => {
    const page = await openPage("127.0.0.1");
    const script = "return client.request('sum', { a: 2, b: 3 }).catch(({ code, message }) => ({ code, message }))";
    expect(await run(page, script)).toEqual({ code: "UNANSWERED", message: expect.stringContaining("CORS_ORIGINS") });
  });
});
