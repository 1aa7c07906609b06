import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";
import { collectComplaints } from "../helpers/complaints.ts";
import { serveViewPage, type ViewPage } from "./view-page.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** A page in StrictMode, in a tab of its own. */
const open = async (prepare: (served: ViewPage) => void = () => {}) => {
  const served = await serveViewPage();
  onTestFinished(() => served.close());
  prepare(served);
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  page.setDefaultTimeout(20_000);
  const complaints = await collectComplaints(page);
  await page.goto(served.url);
  return { served, page, complaints };
};

const see = (page: Page, text: string): Promise<void> => page.getByRole("status").getByText(text, { exact: true }).waitFor();
const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name }).click();

test("a component shows a row as it is, as it changes, and when it leaves", async () => {
  const { served, page, complaints } = await open(({ put }) => put("ada", { balance: 5 }));
  await see(page, "ada 5 live");
  served.put("ada", { balance: 7 });
  await see(page, "ada 7 live");
  served.put("ada", undefined);
  await see(page, "ada none live");
  expect(complaints).toEqual([]);
});

test("in StrictMode, which mounts twice, one stream is open", async () => {
  const { served, page } = await open(({ put }) => put("ada", { balance: 5 }));
  await see(page, "ada 5 live");
  await expect.poll(() => [...served.open.values()]).toEqual(["ada"]);
  expect(served.asked).toEqual(["ada -"]);
});

test("another key is another row, and nothing of the one before is shown", async () => {
  const { served, page } = await open(({ put }) => put("ada", { balance: 5 }));
  await see(page, "ada 5 live");
  await press(page, "bob");
  await see(page, "bob none live");
  await expect.poll(() => [...served.open.values()]).toEqual(["bob"]);
});

test("a component that is gone has no stream open", async () => {
  const { served, page } = await open(({ put }) => put("ada", { balance: 5 }));
  await see(page, "ada 5 live");
  await press(page, "nobody");
  await expect.poll(() => served.open.size).toBe(0);
  expect(await page.getByRole("status").count()).toBe(0);
});

test("a stream that is cut is taken up again after the last change", async () => {
  const { served, page } = await open(({ put }) => put("ada", { balance: 5 }));
  await see(page, "ada 5 live");
  served.cut();
  await expect.poll(() => served.asked).toEqual(["ada -", "ada account.0.0.generation"]);
  served.put("ada", { balance: 7 });
  await see(page, "ada 7 live");
});

test("while the server cannot be reached the last row is shown, as not live", async () => {
  const { served, page } = await open(({ put }) => put("ada", { balance: 5 }));
  await see(page, "ada 5 live");
  await page.context().setOffline(true);
  served.cut();
  await see(page, "ada 5 not live");
  await page.context().setOffline(false);
  await see(page, "ada 5 live");
});
