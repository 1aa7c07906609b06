import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createReplyEvent, type Reply, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import { createCorrelationIds } from "../../worker/correlation-id.ts";
import { nodeIds } from "../../worker/hosts/node/correlation-id-platform.ts";
import { hmacOf, signedBy } from "../consumer/process.ts";
import { launchBrowser } from "../helpers/browser.ts";
import { HOSTS, type Stack, startStack, until } from "../helpers/stack.ts";
import { type ForeignPage, serveForeignPage } from "./foreign-page.ts";

type Seen = { readonly event: string; readonly data: unknown; readonly lastEventId: string };

/** Opens an EventSource in a page, and keeps all that it tells there. */
const openEventSource = (page: Page, url: string): Promise<void> =>
  page.evaluate((address) => {
    const source = new EventSource(address);
    const seen: Seen[] = [];
    for (const event of ["status", "progress", "chunk", "reset"])
      source.addEventListener(event, (message) => {
        const { data, lastEventId } = message as MessageEvent;
        seen.push({ event, data: JSON.parse(String(data)), lastEventId });
      });
    Object.assign(globalThis, { source, seen });
  }, url);

const read = (page: Page): Promise<readonly Seen[]> => page.evaluate(() => (globalThis as unknown as { seen: Seen[] }).seen);

/** Waits until so many events have come. */
const untilSeen = (page: Page, count: number): Promise<void> => until(async () => (await read(page)).length >= count);

const untilClosed = (page: Page): Promise<void> =>
  until(() => page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState === EventSource.CLOSED));

describe.each(HOSTS)("an EventSource in a browser, with the Worker on %s", (host) => {
  let foreign: ForeignPage;
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    foreign = await serveForeignPage();
    const environment = { CORS_ORIGINS: `http://localhost:${foreign.port}` };
    [stack, browser] = await Promise.all([startStack(environment, { host }), launchBrowser()]);
  });
  afterAll(async () => {
    foreign?.close();
    await Promise.all([stack?.remove(), browser?.close()]);
  });

  test("sees each event once and in order, though the Worker is killed meanwhile, and stops when the request has ended", async () => {
    const [number = "", secret = ""] = stack.secrets.CORRELATION_SECRET.split(":");
    const ids = createCorrelationIds({ secrets: [{ number: Number(number), secret }], environment: "local", platform: nodeIds });
    const { text } = await ids.create({ shard: 0, deadlineSeconds: 600, retentionSeconds: 3_600 });
    const { signature } = signedBy(hmacOf(stack.secrets.REPLY_SECRET));
    const deliver = async (reply: Pick<Reply, "state" | "data"> & Partial<Reply>): Promise<void> => {
      const source = { id: crypto.randomUUID(), correlationId: text, operation: "report", source: "/test", time: Date.now() };
      const body = new TextEncoder().encode(JSON.stringify([createReplyEvent({ ...source, ...reply })]));
      const headers = { "content-type": REPLY_BATCH_CONTENT_TYPE, ...(await signature.sign({ body })) };
      const response = await fetch(`${stack.url}/replies`, { method: "POST", headers, body });
      expect(await response.json()).toMatchObject({ results: [{ outcome: "stored" }] });
    };
    const emit = (first: number, ...data: unknown[]) => deliver({ state: "processing", data, emitted: { execution: "run-1", first } });

    const page = await browser.newPage();
    await page.goto(foreign.url("localhost", stack.url));
    await openEventSource(page, `${stack.url}/status/${text}`);
    await untilSeen(page, 1);
    await deliver({ state: "processing", data: { progress: { percent: 40 } }, attempt: 1 });
    await untilSeen(page, 3);
    await emit(0, "a", "b");
    await untilSeen(page, 5);

    await stack.crash(host === "node" ? "worker" : "workerd");
    await emit(2, "c");
    await deliver({ state: "succeeded", data: { total: 12 } });
    await untilClosed(page);

    const seen = await read(page);
    expect(seen.filter(({ event }) => event === "chunk").map(({ data }) => data)).toEqual(["a", "b", "c"]);
    expect(seen.filter(({ event }) => event === "reset")).toEqual([]);
    expect(seen[0]).toMatchObject({ event: "status", data: { state: "accepted" }, lastEventId: "0" });
    expect(seen).toContainEqual(expect.objectContaining({ event: "progress", data: { percent: 40 } }));
    expect(seen.at(-1)).toMatchObject({ event: "status", data: { state: "succeeded", reply: { total: 12 } }, lastEventId: "4" });
  });
});
