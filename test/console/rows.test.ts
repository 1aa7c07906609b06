import { AxeBuilder } from "@axe-core/playwright";
import type { Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { createProblem } from "../../protocol/problem.ts";
import type { ViewsBody, ViewVersion } from "../../protocol/view-api.ts";
import { type OpenedPage, useConsole } from "./opened-page.ts";

const { open, stack } = useConsole();

const version: ViewVersion = { version: 2, isServed: true, isReady: true, partitions: 4, progress: [] };
const filling: ViewVersion = {
  ...version,
  version: 3,
  isServed: false,
  isReady: false,
  progress: [{ partition: 0, next: 1, isCaughtUp: true }],
};
const STORED: ViewsBody = { views: [{ view: "balances", aggregate: "account", contractVersion: 3, versions: [filling, version] }] };

const section = (page: Page) => page.getByRole("region", { name: "Views" });

const row = (offset: number, balance: number): string =>
  `event: row\nid: account.0.${offset}.generation\ndata: ${JSON.stringify({ balance })}\n\n`;
const removed = (offset: number): string => `event: removed\nid: account.0.${offset}.generation\ndata: {}\n\n`;

/** A page of a Worker with views, whose streams answer with these texts, one after the other; then they are empty. */
const openViews = async (streams: readonly string[], options?: Parameters<typeof open>[0]): Promise<OpenedPage> => {
  const opened = await open(options);
  const { page } = opened;
  const contract = (await (await fetch(`${stack().url}/contract`)).json()) as object;
  const views = { balances: { version: 3, aggregate: "account", row: {} }, statement: { version: 1, aggregate: "account", row: {} } };
  await page.route("**/contract", (route) => route.fulfill({ json: { ...contract, views } }));
  await page.route("**/views", (route) => route.fulfill({ json: STORED }));
  const rest = [...streams];
  await page.route("**/views/balances/*", (route: Route) =>
    route.fulfill({ contentType: "text/event-stream", body: rest.shift() ?? ": nothing new\n\n" }),
  );
  await page.reload();
  await section(page).waitFor();
  return opened;
};

const watch = async (page: Page, key: string): Promise<void> => {
  await section(page).getByLabel("the row with key").fill(key);
  await section(page).getByRole("button", { name: "Watch" }).click();
};

test("a row is looked at by its key, shown as it is, and changes as the server tells it", async () => {
  const { page, complaints } = await openViews([row(3, 5), row(4, 7), removed(5)]);
  await section(page).getByText("Version 2 is served.").waitFor();
  await section(page).getByText("Version 3 is being filled: 1 of 4 partitions have caught up.").waitFor();
  await section(page).getByText("No consumer has sent rows of it.").waitFor();
  await watch(page, "ada");
  const shown = section(page).getByRole("group", { name: "Row ada of balances" });
  await shown.getByText(/there is no such row now.*It has changed twice|changed 2 times/).waitFor();
  await shown.getByText("account.0.5.generation").waitFor();
  expect(await shown.getByLabel("Row as JSON").count()).toBe(0);
  await section(page).getByRole("button", { name: "Stop watching" }).click();
  expect(await shown.count()).toBe(0);
  expect(complaints).toEqual([]);
});

test.each([
  { colorScheme: "light", viewport: { width: 1_280, height: 900 } },
  { colorScheme: "dark", viewport: { width: 390, height: 800 } },
] as const)("views have nothing that axe calls a violation, $colorScheme", async (options) => {
  const { page } = await openViews([row(3, 5)], options);
  await watch(page, "ada");
  await section(page).getByLabel("Row as JSON").waitFor();
  await section(page).getByText("Live.").waitFor();
  const { violations } = await new AxeBuilder({ page: page as never }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  if (process.env["SHOT"]) await page.screenshot({ path: `${process.env["SHOT"]}-${options.colorScheme}.png`, fullPage: true });
});

test("a row is watched by the keyboard alone", async () => {
  const { page } = await openViews([row(3, 5)]);
  await section(page).getByLabel("Of", { exact: true }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.type("ada");
  await page.keyboard.press("Enter");
  await section(page).getByLabel("Row as JSON").getByText('"balance": 5').waitFor();
});

test("what the server refuses is said where the row would be", async () => {
  const { page } = await openViews([]);
  const problem = createProblem("INSUFFICIENT_SCOPE", { detail: "The key lacks views:balances." });
  await page.unroute("**/views/balances/*");
  await page.route("**/views/balances/*", (route) =>
    route.fulfill({ status: 403, contentType: "application/problem+json", json: problem }),
  );
  await watch(page, "ada");
  await section(page).getByRole("alert").getByText("The key lacks views:balances.").waitFor();
});

test("a Worker without views shows none", async () => {
  const { page } = await open();
  await page.getByLabel("Operation").waitFor();
  expect(await section(page).count()).toBe(0);
});
