import { expect, test } from "vitest";
import { createProblem } from "../../protocol/problem.ts";
import { useConsole } from "./opened-page.ts";

const { open } = useConsole();

test("how far a handler is, and what it emits, is seen as it comes", async () => {
  const { page, complaints, reach, reply, send, states } = await open();
  await send("countdown", '{"from": 5, "everyMs": 400}');
  const chunks = page.getByLabel("Chunks, one in each line");
  await chunks.getByText('{"left":3}').waitFor();
  await page.getByRole("progressbar", { name: "Progress" }).waitFor();
  expect(await page.locator(".timeline [data-state=succeeded]").count()).toBe(0);
  await reach("succeeded");
  expect((await chunks.textContent())?.split("\n")).toEqual([4, 3, 2, 1, 0].map((left) => JSON.stringify({ left })));
  expect(await reply()).toEqual({ counted: 5 });
  expect(await states()).toEqual(["sending", "accepted", "processing", "succeeded"]);
  expect(complaints).toEqual([]);
});

test("a reload in the middle shows all that was emitted, and goes on", async () => {
  const { page, reach, send } = await open();
  await send("countdown", '{"from": 6, "everyMs": 500}');
  const chunks = page.getByLabel("Chunks, one in each line");
  await chunks.getByText('{"left":4}').waitFor();
  await page.reload();
  await chunks.getByText('{"left":5}').waitFor();
  await reach("succeeded");
  expect((await chunks.textContent())?.split("\n")).toHaveLength(6);
});

test("a request that fails at first shows why each attempt failed, and when the next begins", async () => {
  const { page, reach, reply, send } = await open();
  await send("flaky", '{"failures": 2}');
  const attempts = page.getByRole("region", { name: "Attempts" });
  await attempts.getByText("Attempt 1 failed").waitFor();
  await attempts.getByText("Attempt 1 was to fail.").waitFor();
  await reach("succeeded");
  expect(await attempts.locator(".name").allTextContents()).toEqual(["Attempt 1 failed", "Attempt 2 failed", "Attempt 3 was the last"]);
  expect(await reply()).toEqual({ attempt: 3 });
});

test("a request is cancelled at a click, and ends as cancelled", async () => {
  const { page, complaints, reach, rows, send, states } = await open();
  await send("countdown", '{"from": 100, "everyMs": 500}');
  await reach("processing");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await reach("cancelled");
  expect((await states()).at(-1)).toBe("cancelled");
  await page.locator(".problem").getByText("CANCELLED · HTTP 409").waitFor();
  expect(await page.getByRole("button", { name: "Cancel", exact: true }).count()).toBe(0);
  expect(await rows()).toEqual([expect.stringContaining("cancelledcountdown")]);
  expect(complaints).toEqual([]);
});

test("a request that cannot be cancelled says why, and goes on", async () => {
  const { page, reach, send } = await open();
  const ended = createProblem("ALREADY_ENDED", { detail: "It has succeeded." });
  await page.route("**/status/*", (route) =>
    route.request().method() === "DELETE"
      ? route.fulfill({ status: 409, contentType: "application/problem+json", json: ended })
      : route.continue(),
  );
  await send("countdown", '{"from": 4, "everyMs": 400}');
  await reach("processing");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("alert").getByText("It could not be cancelled. It has succeeded.").waitFor();
  await reach("succeeded");
});

test("what was sent can be edited and sent again", async () => {
  const { page, reach, reply, rows, send } = await open();
  await send("sum", '{"a": 20, "b": 1}');
  await reach("succeeded");
  await page.getByLabel("Operation").selectOption("echo");
  await page.getByRole("button", { name: "Edit" }).click();
  expect(await page.getByLabel("Operation").inputValue()).toBe("sum");
  const json = page.getByRole("textbox", { name: "JSON" });
  expect(JSON.parse(await json.inputValue())).toEqual({ a: 20, b: 1 });
  await page.waitForFunction("document.activeElement?.id === 'json'");
  await json.fill('{"a": 20, "b": 22}');
  await page.keyboard.press("Control+Enter");
  await page.getByLabel("Reply as JSON").getByText("42").waitFor();
  expect(await reply()).toEqual({ sum: 42 });
  expect(await rows()).toHaveLength(2);
});

test("the consumers are shown with their operations and links", async () => {
  const { page } = await open();
  const consumers = page.getByRole("region", { name: "Consumers" });
  await consumers.getByText("Handles sum, echo, report, countdown, flaky").waitFor();
  await consumers.getByText(/^One link: shard 0, opened (now|\d+ (s|min) ago)$/).waitFor();
  await consumers.getByText("It has handled all that there is.").waitFor();
});

test("how far a consumer is behind is shown, the most of it first", async () => {
  const { page } = await open();
  const lag = [0, 1, 2].map((partition) => ({ topic: "requests", partition, lag: partition * 1_500 }));
  const consumer = { instance: "one", version: "0.1.0", operations: ["sum"], links: [], lag };
  await page.route("**/consumers", (route) => route.fulfill({ json: { consumers: [consumer] } }));
  await page.reload();
  await page.getByText("Lag: 4,500 records (requests-2: 3,000, requests-1: 1,500)").waitFor();
});

test.each([
  ["does not say who is connected", { status: 404, json: createProblem("NOT_FOUND") }],
  ["says something else", { json: { consumers: ["somebody"] } }],
])("of a Worker that %s, no consumers are shown", async (_, answer) => {
  const { page } = await open();
  await page.route("**/consumers", (route) => route.fulfill(answer));
  const asked = page.waitForResponse("**/consumers");
  await page.reload();
  await asked;
  await page.getByLabel("Operation").waitFor();
  expect(await page.getByRole("region", { name: "Consumers" }).count()).toBe(0);
});

test("where no consumer is connected, the page says what becomes of requests", async () => {
  const { page } = await open();
  await page.route("**/consumers", (route) => route.fulfill({ json: { consumers: [] } }));
  await page.reload();
  await page.getByText("None is connected. What is sent waits in Kafka until one is.").waitFor();
});
