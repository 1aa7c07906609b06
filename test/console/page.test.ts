import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open, stack } = useConsole();

test("sending sum as it stands there shows 5", async () => {
  const { page, complaints, send, states } = await open();
  await send("sum");
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(JSON.parse((await page.getByLabel("Reply as JSON").textContent()) ?? "")).toEqual({ sum: 5 });
  expect(await states()).toEqual(["sending", "accepted", "succeeded"]);
  expect(complaints).toEqual([]);
});

test("a slow report is accepted, then processing, then succeeded, each with its time", async () => {
  const { page, complaints, send, states } = await open();
  const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 0.12 };
  await send("report", JSON.stringify({ account: "acme", lines: Array.from({ length: 500 }, () => line) }));
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(await states()).toEqual(["sending", "accepted", "processing", "succeeded"]);
  const times = await page.locator(".timeline .time").allTextContents();
  expect(times).toEqual(["", ...Array(3).fill(expect.stringMatching(/^\+\d+(\.\d\d)? m?s$/))]);
  expect(JSON.parse((await page.getByLabel("Reply as JSON").textContent()) ?? "")).toMatchObject({ account: "acme", total: 60 });
  expect(complaints).toEqual([]);
});

test("the correlation ID leads to the status", async () => {
  const { page, send } = await open();
  await send("sum", '{"a": 40, "b": 2}');
  const link = page.locator(".correlation-id a");
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  const status = await fetch(new URL((await link.getAttribute("href")) ?? "", stack().url));
  expect(await status.json()).toMatchObject({ correlationId: await link.textContent(), state: "succeeded", reply: { sum: 42 } });
});

test("a request that does not fit the schema is not sent, and told what is wrong where, until it is mended", async () => {
  const { page, calls, complaints, send } = await open();
  await send("sum", '{"a": 2, "b": "3"}');
  const problems = page.getByRole("alert");
  expect(await problems.textContent()).toMatch(/^b .*number/);
  expect(await page.getByRole("textbox", { name: "JSON" }).getAttribute("aria-invalid")).toBe("true");
  await page.getByRole("textbox", { name: "JSON" }).fill('{"a": 2, "b": 3}');
  expect(await problems.textContent()).toBe("");
  expect(calls).toEqual([]);
  expect(complaints).toEqual([]);
});

test("broken JSON is not sent, and told where it breaks", async () => {
  const { page, calls, send } = await open();
  await send("sum", '{"a": 2, "b": }');
  expect(await page.getByRole("alert").textContent()).toMatch(/^This is not JSON yet: /);
  expect(calls).toEqual([]);
});

test("earlier requests stay in a list with state and duration, and can be looked at again", async () => {
  const { page, send } = await open();
  await send("echo", '"first"');
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  await send("echo", '"second"');
  const rows = page.locator("#history button");
  await rows.nth(1).waitFor();
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(await rows.allTextContents()).toEqual([
    expect.stringMatching(/^#2echo"second"succeeded[\d.]+ m?s$/),
    expect.stringMatching(/^#1echo"first"succeeded[\d.]+ m?s$/),
  ]);
  await rows.nth(1).click();
  expect(await page.getByLabel("Reply as JSON").textContent()).toBe('"first"');
  expect(await page.evaluate("document.activeElement?.getAttribute('data-number')")).toBe("1");
});

test("the keyboard is enough: choose by typing, send by Ctrl+Enter, hear the state", async () => {
  const { page } = await open();
  await page.keyboard.press("Tab");
  await page.keyboard.type("echo");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+Enter");
  await page
    .getByRole("status")
    .getByText(/^Request 1, echo: succeeded after /)
    .waitFor();
});

test("what comes back is shown as text and never becomes part of the page", async () => {
  const { page, complaints, send } = await open();
  await send("echo", JSON.stringify('<img src="x" onerror="document.title=1"><script>document.title=2</script>'));
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(await page.locator("pre img, pre script").count()).toBe(0);
  expect(await page.title()).toBe("rejoinder");
  expect(complaints).toEqual([]);
});

test.each([320, 390, 768, 1_440])("nothing sticks out of a page %d pixels wide", async (width) => {
  const { page, send } = await open({ viewport: { width, height: 800 } });
  await send("echo", JSON.stringify({ text: "long ".repeat(100), word: "w".repeat(300) }));
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
});
