import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";
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
  /** The states that the timeline shows. */
  states(): Promise<string[]>;
};

/** A stack and a browser for the tests of a file, and a way to open the console, in a tab that is closed when the test ends. */
export const useConsole = () => {
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  });
  afterAll(async () => {
    await Promise.all([stack?.remove(), browser?.close()]);
  });
  return {
    stack: () => stack,
    async open(options?: Parameters<Browser["newPage"]>[0]): Promise<OpenedPage> {
      const opened = await openConsolePage(browser, stack.url, options);
      onTestFinished(() => opened.page.close());
      return opened;
    },
  };
};

/** Opens the console in a tab of its own. */
const openConsolePage = async (browser: Browser, url: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<OpenedPage> => {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  const calls: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(requests|status)\//.test(pathname)) calls.push(`${request.method()} ${pathname}`);
  });
  await page.exposeFunction("reportViolation", (directive: string) => complaints.push(`violates ${directive}`));
  await page.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) => window.reportViolation(event.violatedDirective));`,
  );
  await page.goto(url);
  return {
    page,
    complaints,
    calls,
    async send(operation, json) {
      await page.getByLabel("Operation").selectOption(operation);
      if (json !== undefined) await page.getByRole("textbox", { name: "JSON" }).fill(json);
      await page.getByRole("button", { name: "Send" }).click();
    },
    states: () => page.locator(".timeline .state").allTextContents(),
  };
};
