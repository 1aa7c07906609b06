import { expect, test } from "vitest";
import { type OpenedPage, useConsole } from "./opened-page.ts";

const { open } = useConsole();

const jsonOf = async ({ page }: OpenedPage): Promise<unknown> => JSON.parse(await page.getByRole("textbox", { name: "JSON" }).inputValue());
const field = ({ page }: OpenedPage, name: string) =>
  page.getByRole("group", { name: "Request as a form" }).getByLabel(name, { exact: true });

test("what is typed into the form is in the JSON, and in the request", async () => {
  const opened = await open();
  await field(opened, "a").fill("40");
  await field(opened, "b").fill("2.5");
  expect(await jsonOf(opened)).toEqual({ a: 40, b: 2.5 });
  await opened.page.getByRole("button", { name: "Send", exact: true }).click();
  await opened.reach("succeeded");
  expect(await opened.reply()).toEqual({ sum: 42.5 });
});

test("what is typed into the JSON is in the form, which waits while it cannot be read", async () => {
  const opened = await open();
  const json = opened.page.getByRole("textbox", { name: "JSON" });
  await json.fill('{"a": 7, "b": ');
  await opened.page.getByText("The form is back as soon as the JSON can be read.").waitFor();
  await json.fill('{"a": 7, "b": -1e3}');
  expect([await field(opened, "a").inputValue(), await field(opened, "b").inputValue()]).toEqual(["7", "-1000"]);
});

test("a number can be typed sign by sign", async () => {
  const opened = await open();
  await field(opened, "a").fill("");
  await field(opened, "a").pressSequentially("-0.50");
  expect(await field(opened, "a").inputValue()).toBe("-0.50");
  expect(await jsonOf(opened)).toEqual({ a: -0.5, b: 3 });
});

test("items of a list are added, changed and removed", async () => {
  const opened = await open();
  const { page } = opened;
  await page.getByLabel("Operation").selectOption("report");
  await page.getByRole("button", { name: "Add to lines" }).click();
  await page.locator("[id='field-lines[3].product']").fill("screw");
  await page.getByRole("button", { name: "Remove lines[0]" }).click();
  const { lines } = (await jsonOf(opened)) as { lines: readonly { product: string }[] };
  expect(lines.map(({ product }) => product)).toEqual(["nut", "bolt", "screw"]);
});

test("of a long list the form shows the first, and says where the others are", async () => {
  const { page } = await open();
  await page.getByLabel("Operation").selectOption("report");
  const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 0.12 };
  await page
    .getByRole("textbox", { name: "JSON" })
    .fill(JSON.stringify({ account: "acme", lines: Array.from({ length: 500 }, () => line) }));
  await page.getByText("490 more are in the JSON.").waitFor();
});

test("an operation that takes any JSON has no form, and says so", async () => {
  const { page } = await open();
  await page.getByLabel("Operation").selectOption("echo");
  await page.getByText("This operation takes any JSON: write it as it is.").waitFor();
});

test("what the server finds wrong with a request is told at its field, until it is mended", async () => {
  const opened = await open();
  const { page, calls } = opened;
  await field(opened, "b").fill("three");
  expect(new Set(await page.getByRole("alert").allTextContents())).toEqual(new Set([""]));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const problems = page.locator("#problems");
  await problems.getByText(/^b .*number/).waitFor();
  expect(await field(opened, "b").getAttribute("aria-invalid")).toBe("true");
  expect(await page.locator("#field-b-hint").textContent()).toMatch(/number/);
  await page.waitForFunction("document.activeElement?.id === 'field-b'");
  await field(opened, "a").fill("7");
  expect(await problems.textContent()).toMatch(/number/);
  await field(opened, "b").fill("3");
  expect(await problems.textContent()).toBe("");
  expect(calls).toEqual(["POST /requests/sum"]);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await opened.reach("succeeded");
  expect(await opened.reply()).toEqual({ sum: 10 });
});

test("broken JSON is not sent, and told where it breaks", async () => {
  const { page, calls, send } = await open();
  await send("sum", '{"a": 2, "b": }');
  await page
    .locator("#problems")
    .getByText(/^This is not JSON yet: /)
    .waitFor();
  expect(await page.getByRole("textbox", { name: "JSON" }).getAttribute("aria-invalid")).toBe("true");
  expect(calls).toEqual([]);
});

test("the example is back at a click", async () => {
  const opened = await open();
  await field(opened, "a").fill("99");
  await opened.page.getByRole("button", { name: "Start from the example" }).click();
  expect(await jsonOf(opened)).toEqual({ a: 2, b: 3 });
});
