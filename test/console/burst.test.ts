import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open } = useConsole();

test("a thousand requests all get their reply, with a bar that shows how far they are and plots of how it goes", async () => {
  const { page, calls, complaints } = await open();
  await page.getByRole("button", { name: "Send 1,000" }).click();
  const bar = page.getByRole("progressbar", { name: "1,000 × sum" });
  await bar.waitFor();
  expect(await page.getByRole("button", { name: "Send 1,000" }).isDisabled()).toBe(true);
  await page.getByText("1,000 of 1,000 ended, none failed").waitFor({ timeout: 100_000 });
  expect(await bar.getAttribute("value")).toBe("1000");
  expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(1_000);
  // A quick reply comes with the answer to its POST, so that the page shows the rate that the server has.
  expect(calls.length).toBeLessThan(1_200);
  await page.getByRole("button", { name: "Show more of 1000" }).waitFor();
  expect(await page.locator(".requests li").count()).toBe(25);
  await page.getByRole("img", { name: /^Latency, ms: p50 [\d.]+ m?s, p99 [\d.]+ m?s$/ }).waitFor();
  expect(await page.locator(".plot canvas").count()).toBe(3);
  expect(await page.evaluate(DRAWN)).toEqual([true, true, true]);
  expect(complaints).toEqual([]);
});

/** Whether each plot has more than one colour on it. */
const DRAWN = `[...document.querySelectorAll(".plot canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size > 2;
})`;

test("many requests can be stopped: what was not sent is not sent, and what was goes on", async () => {
  const { page, calls } = await open();
  await page.getByLabel("Operation").selectOption("report");
  await page.getByRole("button", { name: "Send 100", exact: true }).click();
  await page.locator(".burst").getByRole("button", { name: "Stop" }).click();
  await page.getByText(/^100 of 100 ended, \d+ without a reply/).waitFor();
  expect(calls.filter((call) => call.startsWith("POST")).length).toBeLessThan(100);
  await page.locator(".requests [data-state=stopped]").first().waitFor();
  expect(await page.getByRole("button", { name: "Send 100", exact: true }).isDisabled()).toBe(false);
});

test("many requests that the server does not take are not all sent: what is wrong is told at its field", async () => {
  const { page, calls } = await open();
  await page.getByRole("textbox", { name: "JSON" }).fill('{"a": 2, "b": "three"}');
  await page.getByRole("button", { name: "Send 100", exact: true }).click();
  await page
    .locator("#problems")
    .getByText(/^b .*number/)
    .waitFor();
  await page.getByText("100 of 100 ended, 100 without a reply").waitFor();
  expect(calls.length).toBeLessThan(100);
});
