import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";
import { collectComplaints } from "../helpers/complaints.ts";
import { type Stack, startStack } from "../helpers/stack.ts";

/** A tab with the console, and what went wrong or out in it so far. */
export type OpenedPage = {
  readonly page: Page;
  /** Console errors, uncaught exceptions and violations of the content security policy. */
  readonly complaints: readonly string[];
  /** Method and path of each request to the API. */
  readonly calls: readonly string[];
  /** Chooses an operation, replaces the JSON if there is another, and presses Send. */
  send(operation: string, json?: string): Promise<void>;
  /** Waits until the timeline shows that state. */
  reach(state: string, timeoutMs?: number): Promise<void>;
  /** The states that the timeline shows. */
  states(): Promise<string[]>;
  /** The reply that is shown. */
  reply(): Promise<unknown>;
  /** The rows of the list, as text, the newest first. */
  rows(): Promise<string[]>;
};

/**
 * A stack and a browser for the tests of a file, and a way to open the console, in a tab that is closed when the test ends.
 * @param start starts another stack than that of this checkout
 */
export const useConsole = <Started extends Pick<Stack, "url" | "remove"> = Stack>(
  start: () => Promise<Started> = startStack as () => Promise<never>,
) => {
  let stack: Started;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([start(), launchBrowser()]);
  });
  afterAll(async () => {
    await Promise.all([stack?.remove(), browser?.close()]);
  });
  return {
    stack: () => stack,
    async open(options?: BrowserContextOptions): Promise<OpenedPage> {
      const opened = await openConsolePage(browser, stack.url, options);
      onTestFinished(() => opened.page.context().close());
      return opened;
    },
    /** Another tab of the same browser, which shares its storage. */
    async openBeside({ page }: OpenedPage): Promise<OpenedPage> {
      return watchPage(await page.context().newPage(), stack.url);
    },
  };
};

/** Opens the console in a tab of its own. */
const openConsolePage = async (browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenedPage> => {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  return watchPage(await context.newPage(), url);
};

const watchPage = async (page: Page, url: string): Promise<OpenedPage> => {
  page.setDefaultTimeout(30_000);
  const complaints = await collectComplaints(page);
  const calls: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(requests|status)\//.test(pathname)) calls.push(`${request.method()} ${pathname}`);
  });
  await page.goto(url);
  return {
    page,
    complaints,
    calls,
    async send(operation, json) {
      await page.getByLabel("Operation").selectOption(operation);
      if (json !== undefined) await page.getByRole("textbox", { name: "JSON" }).fill(json);
      await page.getByRole("button", { name: "Send", exact: true }).click();
    },
    reach: (state, timeout = 30_000) => page.locator(`.timeline [data-state=${state}]`).waitFor({ timeout }),
    states: () => page.locator(".timeline .state").allTextContents(),
    reply: async () => JSON.parse((await page.getByLabel("Reply as JSON").textContent()) ?? ""),
    rows: () => page.locator(".requests .show").allTextContents(),
  };
};
