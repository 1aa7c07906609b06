import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open, stack } = useConsole();

test("a new page says what there is to do, and calls nobody yet", async () => {
  const { page, calls, complaints } = await open();
  await page.getByText("Send a request, and watch it travel.").waitFor();
  await page.getByText("Nothing was sent from this browser yet.").waitFor();
  expect([calls, complaints]).toEqual([[], []]);
});

test("the plots are drawn, even in a browser that calls its language by no valid tag", async () => {
  const { page } = await open();
  expect(await page.evaluate("navigator.language")).toBe("en-US@posix");
  await page.locator(".plot canvas").nth(2).waitFor();
  expect(await page.getByText("This browser cannot draw it.").count()).toBe(0);
});

test("sending sum as it stands there shows 5", async () => {
  const { complaints, reach, reply, send, states } = await open();
  await send("sum");
  await reach("succeeded");
  expect(await reply()).toEqual({ sum: 5 });
  expect(await states()).toEqual(["sending", "accepted", "succeeded"]);
  expect(complaints).toEqual([]);
});

test("a slow report is accepted, then processing, then succeeded, each with its time", async () => {
  const { page, complaints, reach, reply, send, states } = await open();
  const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 0.12 };
  await send("report", JSON.stringify({ account: "acme", lines: Array.from({ length: 500 }, () => line) }));
  await reach("succeeded");
  expect(await states()).toEqual(["sending", "accepted", "processing", "succeeded"]);
  const times = await page.locator(".timeline .time").allTextContents();
  expect(times).toEqual(["", ...Array(3).fill(expect.stringMatching(/^\+\d+(\.\d\d)? m?s$/))]);
  expect(await reply()).toMatchObject({ account: "acme", total: 60 });
  expect(complaints).toEqual([]);
});

test("the correlation ID leads to the status", async () => {
  const { page, reach, send } = await open();
  await send("sum", '{"a": 40, "b": 2}');
  await reach("succeeded");
  const link = page.locator(".correlation-id a");
  const status = await fetch(new URL((await link.getAttribute("href")) ?? "", stack().url));
  expect(await status.json()).toMatchObject({ correlationId: await link.textContent(), state: "succeeded", reply: { sum: 42 } });
});

test("the keyboard is enough: choose by typing, send by Ctrl+Enter, hear the state", async () => {
  const { page } = await open();
  await page.getByLabel("Operation").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type("echo");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+Enter");
  const announcement = page.getByRole("status", { name: "What happened last" });
  await announcement.getByText(/^echo: succeeded after /).waitFor();
});

test("what comes back is shown as text and never becomes part of the page", async () => {
  const { page, complaints, reach, send } = await open();
  await send("echo", JSON.stringify('<img src="x" onerror="document.title=1"><script>document.title=2</script>'));
  await reach("succeeded");
  expect(await page.locator("pre img, pre script").count()).toBe(0);
  expect(await page.title()).toBe("rejoinder");
  expect(complaints).toEqual([]);
});

test.each([320, 390, 768, 1_440])("nothing sticks out of a page %d pixels wide", async (width) => {
  const { page, reach, send } = await open({ viewport: { width, height: 800 } });
  await send("report");
  await send("echo", JSON.stringify({ text: "long ".repeat(100), word: "w".repeat(300) }));
  await reach("succeeded");
  for (const summary of await page.locator("summary").all()) await summary.click();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
});
