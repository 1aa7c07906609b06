import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open } = useConsole();

const operationsOf = (page: Page): Promise<string[]> => page.getByLabel("Operation").locator("option").allTextContents();

const ANOTHER = {
  version: "9.9.9",
  operations: {
    greet: {
      request: { type: "object", properties: { name: { type: "string" } }, required: ["name"], examples: [{ name: "Ada" }] },
      reply: { type: "string" },
      errors: {},
      deadlineSeconds: 120,
      retentionSeconds: 86_400,
      fingerprint: "0000000000000000",
    },
  },
};

test("the page offers what the Worker's contract has", async () => {
  const { page } = await open();
  expect(await operationsOf(page)).toEqual(["sum", "echo", "report", "countdown", "flaky"]);
  await page.getByText("Deadline 30 s · kept for 1 h").waitFor();
});

test("a contract that cannot be read is told with the reason, and the form is there as soon as it can be", async () => {
  const { page } = await open();
  const problem = {
    title: "The server is not configured",
    detail: "Set the variables that are named in problems.",
    problems: ["AUTH is not set"],
  };
  await page.route("**/contract", (route) => route.fulfill({ status: 500, contentType: "application/problem+json", json: problem }));
  await page.reload();
  const notice = page.getByRole("alert").filter({ hasText: "The contract cannot be read" });
  await notice.waitFor();
  expect(await notice.textContent()).toContain(
    "The server is not configured. Set the variables that are named in problems. AUTH is not set",
  );
  await page.unroute("**/contract");
  // The page looks every few seconds, and at once when the browser says that there is a network.
  await page.evaluate(`dispatchEvent(new Event("online"))`);
  await page.getByLabel("Operation").waitFor();
  expect(await notice.count()).toBe(0);
});

test.each([
  ["nobody answers", { abort: true }, "The server does not answer."],
  ["something else answers", { body: "<h1>Hello</h1>" }, "is not a contract of rejoinder"],
  ["there is no operation", { body: '{"operations":{}}' }, "It has no operations."],
] as const)("where %s, the page says so", async (_, answer, sentence) => {
  const { page } = await open();
  await page.route("**/contract", (route) => ("abort" in answer ? route.abort() : route.fulfill({ body: answer.body })));
  await page.reload();
  await page.getByRole("alert").getByText(sentence).waitFor();
});

test("another contract is there once the connection is back", async () => {
  const { page } = await open();
  await page.context().setOffline(true);
  await page.getByText("This browser is offline.").waitFor();
  expect(await operationsOf(page)).toEqual(["sum", "echo", "report", "countdown", "flaky"]);
  await page.route("**/contract", (route) => route.fulfill({ json: ANOTHER }));
  await page.context().setOffline(false);
  await page.getByLabel("name", { exact: true }).waitFor();
  expect(await operationsOf(page)).toEqual(["greet"]);
  expect(await page.getByRole("textbox", { name: "JSON" }).inputValue()).toContain('"Ada"');
});
