import { AxeBuilder } from "@axe-core/playwright";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../../tools/root.ts";
import { launchBrowser } from "../../helpers/browser.ts";
import { freePort } from "../../helpers/processes.ts";
import { type Bank, startBank } from "./stack.ts";

let bank: Bank;
let browser: Browser;
let url: string;
const complaints: string[] = [];
const endings: (() => unknown)[] = [];

beforeAll(async () => {
  const port = await freePort();
  bank = await startBank("node", { CORS_ORIGINS: `http://localhost:${port}` });
  endings.push(() => bank.remove());
  const server = spawn(process.execPath, [join(ROOT, "examples/bank/page/serve.ts"), bank.stack.url, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endings.push(() => server.kill());
  [url] = (await once(createInterface(server.stdout), "line")) as [string];
  browser = await launchBrowser();
  endings.push(() => browser.close());
});
afterAll(async () => {
  for (const end of endings.toReversed()) await end();
});

/** What the page complains of, such as something that its policy forbids, is kept. */
const openPage = async (colorScheme: "light" | "dark" = "light"): Promise<Page> => {
  const context = await browser.newContext({ colorScheme });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(url);
  return page;
};

const WAIT = { timeout: 30_000 };

/** In cents, at one moment. */
const readMoney = async (page: Page) => {
  const texts = await page.locator("dd").allTextContents();
  const [deposited = NaN, inFlight = NaN, balance = NaN, reserved = NaN] = texts.map((text) =>
    Math.round(Number(text.replaceAll(",", "")) * 100),
  );
  return { deposited, inFlight, balance, reserved };
};

const stagesOf = (page: Page, index: number): Promise<(string | undefined)[]> =>
  page
    .locator("#payments > li")
    .nth(index)
    .locator("[data-stage]")
    .evaluateAll((steps) => steps.map((step) => (step as unknown as { dataset: { stage?: string } }).dataset.stage));

const COMPLETED = ["initiated", "reserved", "approved", "credited", "completed"];

test("the page opens accounts, pays by keyboard alone, and counts the money to the cent at each moment", async () => {
  const page = await openPage();
  await page.getByRole("button", { name: "Open accounts" }).click();
  await expect.poll(() => page.locator("#accounts tr").count(), WAIT).toBe(3);
  await expect.poll(() => readMoney(page), WAIT).toEqual({ deposited: 1_500_000, inFlight: 0, balance: 1_500_000, reserved: 0 });

  await page.getByLabel("From").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const seen = new Set<string>();
  await expect
    .poll(async () => {
      const { deposited, inFlight, balance, reserved } = await readMoney(page);
      seen.add(`${deposited + inFlight - balance - reserved}: ${await page.locator("#verdict").textContent()}`);
      return stagesOf(page, 0);
    }, WAIT)
    .toEqual(COMPLETED);
  expect([...seen]).toEqual(["0: True to the cent."]);
  await expect.poll(() => page.locator("#news").textContent(), WAIT).toBe("12.50 to Grace: paid.");
  await expect.poll(() => page.locator("#accounts tr").nth(0).textContent(), WAIT).toBe("Ada4,987.500.00");
  await expect.poll(() => page.locator("#accounts tr").nth(1).textContent(), WAIT).toBe("Grace5,012.500.00");
});

test("a payment that is rejected gives the money back, and the page has all of it after a reload", async () => {
  const page = await openPage();
  await expect.poll(() => page.locator("#payments > li").count(), WAIT).toBe(1);
  await page.getByLabel("Amount").fill("2000");
  await page.getByRole("button", { name: "Pay" }).click();
  await expect.poll(() => page.locator("#news").textContent(), WAIT).toBe("2,000.00 to Grace: not paid.");
  await page.reload();
  await expect.poll(() => stagesOf(page, 0), WAIT).toEqual(["initiated", "reserved", "rejected", "compensated"]);
  expect(await stagesOf(page, 1)).toEqual(COMPLETED);
  await expect.poll(() => page.locator("#accounts tr").nth(0).textContent(), WAIT).toBe("Ada4,987.500.00");
});

test("the page shows what somebody else pays in, as it happens", async () => {
  const page = await openPage();
  await expect.poll(() => page.locator("#accounts tr").count(), WAIT).toBe(3);
  await bank.client.request("account.deposit", { account: "mary", cents: 1 });
  await expect.poll(() => page.locator("#accounts tr").nth(2).textContent(), WAIT).toBe("Mary5,000.010.00");
});

test.each(["light", "dark"] as const)("the page has nothing that axe calls a violation: %s", async (colorScheme) => {
  const page = await openPage(colorScheme);
  await expect.poll(() => page.locator("#payments > li").count(), WAIT).toBe(2);
  await expect.poll(() => page.locator("#accounts tr").count(), WAIT).toBe(3);
  if (process.env["SHOT"]) await page.screenshot({ path: `${process.env["SHOT"]}-${colorScheme}.png`, fullPage: true });
  const { violations } = await new AxeBuilder({ page: page as never }).analyze();
  expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))).toEqual([]);
});

test("nothing on the page is forbidden by its policy", () => {
  expect(complaints.filter((complaint) => !complaint.includes("409"))).toEqual([]);
});
