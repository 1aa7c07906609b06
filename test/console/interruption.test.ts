import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open, stack } = useConsole();

test("a network that vanishes is told, and once it is back the reply arrives by itself", async () => {
  const { page, send, states } = await open();
  await send("report");
  await page.locator(".timeline [data-state=accepted]").waitFor();
  await page.context().setOffline(true);
  await page.getByText("The server cannot be reached. Asking again until it can.").waitFor();
  await page.context().setOffline(false);
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(await page.getByText("The server cannot be reached").count()).toBe(0);
  expect((await states()).at(-1)).toBe("succeeded");
});

test("a request sent without a network is not sent twice, and the next one arrives", async () => {
  const { page, calls, send, states } = await open();
  await page.context().setOffline(true);
  await send("sum");
  await page.locator(".timeline [data-state=unanswered]").waitFor();
  await page.context().setOffline(false);
  await send("sum");
  await page.locator(".timeline [data-state=succeeded]").waitFor();
  expect(await states()).toEqual(["sending", "accepted", "succeeded"]);
  expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(2);
});

test("the page that was open while the Worker was killed and came back still works", async () => {
  const { page, send } = await open();
  await send("report");
  await page.locator(".timeline [data-state=accepted]").waitFor();
  await stack().crash("workerd");
  await page.locator(".timeline [data-state=succeeded]").waitFor({ timeout: 60_000 });
  await send("sum");
  await page.locator("#history li:first-child [data-state=succeeded]").waitFor();
  expect(JSON.parse((await page.getByLabel("Reply as JSON").textContent()) ?? "")).toEqual({ sum: 5 });
});
