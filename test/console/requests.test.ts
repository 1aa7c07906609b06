import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open, openBeside } = useConsole();

test("requests stay in a list with state, age and duration, and can be looked at again", async () => {
  const { page, reach, reply, rows, send } = await open();
  await send("echo", '"first"');
  await reach("succeeded");
  await send("echo", '"second"');
  await page.locator(".requests li:nth-child(2)").waitFor();
  await reach("succeeded");
  expect(await rows()).toEqual([
    expect.stringMatching(/^succeededecho"second"[\d.]+ m?s(now|\d+ s ago)$/),
    expect.stringMatching(/^succeededecho"first"[\d.]+ m?s(now|\d+ s ago)$/),
  ]);
  await page.locator(".requests .show").nth(1).click();
  await page.getByLabel("Reply as JSON").getByText('"first"').waitFor();
  expect(await reply()).toBe("first");
  expect(await page.evaluate("document.activeElement?.getAttribute('aria-current')")).toBe("true");
});

test("a request is sent again at a click, as a new one", async () => {
  const { page, calls, reach, rows, send } = await open();
  await send("sum", '{"a": 1, "b": 1}');
  await reach("succeeded");
  await page.getByRole("button", { name: "Send sum again" }).click();
  await page.locator(".requests li:nth-child(2)").waitFor();
  await reach("succeeded");
  expect(await rows()).toHaveLength(2);
  expect(calls.filter((call) => call === "POST /requests/sum")).toHaveLength(2);
});

test("the list can be narrowed down, and what has ended forgotten", async () => {
  const { page, reach, rows, send } = await open();
  await send("sum");
  await reach("succeeded");
  await page.getByLabel("Show").selectOption({ label: "Failed (0)" });
  await page.getByText("None of them.").waitFor();
  await page.getByLabel("Show").selectOption({ label: "Succeeded (1)" });
  expect(await rows()).toHaveLength(1);
  await page.getByRole("button", { name: "Forget what has ended" }).click();
  await page.getByText("Nothing was sent from this browser yet.").waitFor();
  await page.reload();
  await page.getByText("Nothing was sent from this browser yet.").waitFor();
});

test("after a reload the list is there, and what came of a request is asked for", async () => {
  const { page, calls, reach, reply, send, states } = await open();
  await send("sum", '{"a": 20, "b": 1}');
  await reach("succeeded");
  const before = await states();
  await page.reload();
  await page.getByLabel("Reply as JSON").waitFor();
  expect(await reply()).toEqual({ sum: 21 });
  expect(await states()).toEqual(before);
  expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("a reload while a reply is waited for waits on, and sends nothing", async () => {
  const { page, calls, reach, reply, send } = await open();
  await send("report");
  await reach("processing");
  await page.reload();
  await reach("succeeded");
  expect(await reply()).toMatchObject({ account: "acme" });
  expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("a tab sees what another one sends", async () => {
  const first = await open();
  const second = await openBeside(first);
  await first.send("sum");
  await second.page.locator(".requests [data-state=succeeded]").waitFor();
  await second.page.locator(".requests .show").click();
  await second.page.getByLabel("Reply as JSON").waitFor();
  expect(await second.reply()).toEqual({ sum: 5 });
});

test("something else in the browser's storage does no harm, and is gone", async () => {
  const { page, complaints } = await open();
  await page.evaluate(`localStorage.setItem("rejoinder:request:x", "{"); localStorage.setItem("other", "{")`);
  await page.reload();
  await page.getByText("Nothing was sent from this browser yet.").waitFor();
  expect(await page.evaluate("Object.keys(localStorage)")).toEqual(["other"]);
  expect(complaints).toEqual([]);
});
