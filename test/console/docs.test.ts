import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";
import { collectComplaints } from "../helpers/complaints.ts";
import { type Stack, startStack } from "../helpers/stack.ts";

/** What axe finds in Redoc itself, whatever it shows. The bar above it has none of it. */
const OF_REDOC = new Set(["color-contrast", "heading-order", "region", "scrollable-region-focusable"]);

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack({}, { host: "node" }), launchBrowser()]);
});
afterAll(async () => {
  await Promise.all([stack?.remove(), browser?.close()]);
});

type OpenedDocs = { readonly page: Page; readonly complaints: readonly string[]; readonly origins: ReadonlySet<string> };

const open = async (path: string): Promise<OpenedDocs> => {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = await collectComplaints(page);
  const origins = new Set<string>();
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:") origins.add(origin);
  });
  await page.goto(stack.url + path);
  return { page, complaints, origins };
};

describe.each([
  { path: "/docs", name: "the HTTP API", shown: "/requests/sum", link: "HTTP API" },
  { path: "/docs?messages", name: "the messages in Kafka", shown: "requests", link: "Messages in Kafka" },
])("the reference of $name", ({ path, shown, link }) => {
  test("shows it, under its content security policy, from its own origin alone", async () => {
    const { page, complaints, origins } = await open(path);
    await page.getByText(shown, { exact: false }).first().waitFor();
    expect(await page.locator("nav [aria-current=page]").textContent()).toBe(link);
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([stack.url]);
  });

  test("has nothing that axe calls a violation, but for what Redoc always has", async () => {
    const { page } = await open(path);
    await page.getByText(shown, { exact: false }).first().waitFor();
    const { violations } = await new AxeBuilder({ page: page as never }).analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
    expect(found.filter((violation) => !OF_REDOC.has(violation.split(":")[0] ?? ""))).toEqual([]);
    const { violations: ofBar } = await new AxeBuilder({ page: page as never }).include("body > nav").analyze();
    expect(ofBar.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
  });
});

test("from one description a click leads to the other", async () => {
  const { page } = await open("/docs");
  await page.getByRole("link", { name: "Messages in Kafka" }).click();
  await page.locator("nav [aria-current=page]", { hasText: "Messages in Kafka" }).waitFor();
});

test("whoever looks for an operation finds it", async () => {
  const { page, complaints } = await open("/docs");
  // It says Loading until it knows the document.
  await page.getByText("Search", { exact: false }).first().click();
  await page.keyboard.type("sum");
  await page
    .getByText(/^response 200 fields/)
    .first()
    .waitFor();
  expect(complaints).toEqual([]);
});
