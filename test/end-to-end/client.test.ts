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
