import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";
import { collectComplaints } from "../helpers/complaints.ts";
import { freePort } from "../helpers/processes.ts";
import { type Stack, startStack } from "../helpers/stack.ts";
import { type ReactPage, serveBuiltPage, servePageForDevelopment } from "./react-page.ts";

let stack: Stack;
let browser: Browser;
let built: ReactPage;
let development: ReactPage;
beforeAll(async () => {
  const [port, developmentPort] = [await freePort(), await freePort()];
  const origins = [port, developmentPort].map((each) => `http://localhost:${each}`).join();
  [stack, browser] = await Promise.all([startStack({ CORS_ORIGINS: origins }), launchBrowser()]);
  [built, development] = await Promise.all([serveBuiltPage(port, stack.url), servePageForDevelopment(developmentPort, stack.url)]);
});
afterAll(async () => {
  await Promise.all([stack?.remove(), browser?.close(), built?.close(), development?.close()]);
});

/** Opens the example in a tab of its own, and tells what went wrong in it and what it has sent. */
const open = async ({ url }: ReactPage) => {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  page.setDefaultTimeout(30_000);
  const complaints = await collectComplaints(page);
  const posts: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") posts.push(new URL(request.url()).pathname);
  });
  await page.goto(url);
  return { page, complaints, posts };
};

const press = (page: Page, name: "Order" | "Put away" | "Bring back"): Promise<void> => page.getByRole("button", { name }).click();
const seeStatus = (page: Page, text: string): Promise<void> =>
  expect.poll(() => page.getByRole("status").textContent(), { timeout: 30_000 }).toContain(text);

const TOTAL = "The total of acme is 12.";

describe("the React example, built, under a strict Content-Security-Policy", () => {
  test("shows that the request was accepted, then the reply", async () => {
    const { page, complaints } = await open(built);
    await seeStatus(page, "Nothing ordered yet");
    await press(page, "Order");
    await seeStatus(page, "Accepted");
    expect(await page.getByRole("button", { name: "Order" }).isDisabled()).toBe(true);
    await seeStatus(page, TOTAL);
    expect(await page.getByRole("button", { name: "Order" }).isDisabled()).toBe(false);
    expect(complaints).toEqual([]);
  });

  test("shows how far a countdown is and each number, also after the page was loaded anew, and cancels it", async () => {
    const { page, complaints, posts } = await open(built);
    const countdown = page.getByRole("region", { name: "Countdown" });
    await countdown.getByRole("button", { name: "Count down" }).click();
    await countdown.getByText("9 … 8 … 7").waitFor();
    await countdown.getByRole("progressbar").waitFor();
    await page.reload();
    await countdown.getByText("9 … 8 … 7 … 6").waitFor();
    await countdown.getByRole("button", { name: "Cancel" }).click();
    await countdown.getByText("The request was cancelled").waitFor();
    expect(posts).toEqual(["/requests/countdown"]);
    expect(complaints).toEqual([]);
  });

  test("takes its request up again after the page was loaded anew, and does not send it again", async () => {
    const { page, complaints, posts } = await open(built);
    await press(page, "Order");
    await seeStatus(page, "Accepted");
    await page.reload();
    await seeStatus(page, TOTAL);
    await page.reload();
    await seeStatus(page, "Nothing ordered yet");
    expect(posts).toEqual(["/requests/report"]);
    expect(complaints).toEqual([]);
  });

  test("stops waiting when its form is put away, and waits again when that is brought back", async () => {
    const { page, complaints, posts } = await open(built);
    const waits = "**/status/*";
    // Unanswered, so that only the page itself can end it.
    await page.route(waits, () => {});
    const waiting = page.waitForRequest(waits);
    await press(page, "Order");
    const cut = page.waitForEvent("requestfailed");
    expect((await waiting).method()).toBe("GET");
    await press(page, "Put away");
    expect((await cut).url()).toBe((await waiting).url());
    await page.unroute(waits);
    expect(await page.getByRole("status").count()).toBe(0);
    await press(page, "Bring back");
    await seeStatus(page, TOTAL);
    expect(posts).toEqual(["/requests/report"]);
    expect(complaints).toEqual([]);
  });

  test("does not lose a request whose form is put away before the server has named it", async () => {
    const { page, complaints, posts } = await open(built);
    const held = Promise.withResolvers<void>();
    await page.route("**/requests/report", async (route) => {
      await held.promise;
      await route.continue();
    });
    await press(page, "Order");
    await seeStatus(page, "Sending");
    await press(page, "Put away");
    const answered = page.waitForResponse("**/requests/report");
    held.resolve();
    await (await answered).finished();
    await page.reload();
    await seeStatus(page, TOTAL);
    expect(posts).toEqual(["/requests/report"]);
    expect(complaints).toEqual([]);
  });

  test("says what is wrong with a request, and what to do, and takes the next one", async () => {
    const { page, complaints } = await open(built);
    await page.getByLabel("Account").fill("a".repeat(65));
    await press(page, "Order");
    const alert = page.getByRole("alert");
    await expect.poll(() => alert.getByRole("heading").textContent()).toBe("The request does not fit the operation's schema");
    expect(await alert.textContent()).toContain("Correct it, and send it again. /account: ");
    await page.getByLabel("Account").fill("acme");
    await press(page, "Order");
    await seeStatus(page, TOTAL);
    expect(await alert.textContent()).toBe("");
    // The browser's own word on the answer.
    expect(complaints).toEqual([expect.stringContaining("422")]);
  });

  test("says what to do when nobody answers", async () => {
    const { page } = await open(built);
    await page.route("**/requests/report", (route) => route.abort());
    await press(page, "Order");
    // The client has sent it again several times by then.
    await page.getByRole("alert").getByText("Send it again only if doing it twice does no harm.").waitFor();
  });
});

describe("the React example in development, where StrictMode runs each effect twice", () => {
  test("sends once, though it is clicked twice, and waits once more after the page was loaded anew", async () => {
    const { page, complaints, posts } = await open(development);
    await page.getByRole("button", { name: "Order" }).dblclick();
    await seeStatus(page, "Accepted");
    await page.reload();
    await seeStatus(page, TOTAL);
    expect(posts).toEqual(["/requests/report"]);
    expect(complaints).toEqual([]);
  });
});
