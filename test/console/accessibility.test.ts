import { AxeBuilder } from "@axe-core/playwright";
import { describe, expect, test } from "vitest";
import { type OpenedPage, useConsole } from "./opened-page.ts";

const { open } = useConsole();

/** Everything that axe finds wrong, as `rule: element`. */
const violationsOf = async ({ page }: OpenedPage): Promise<readonly string[]> => {
  const { violations } = await new AxeBuilder({ page: page as never }).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
};

describe.each([
  { colorScheme: "light", viewport: { width: 1_280, height: 900 } },
  { colorScheme: "dark", viewport: { width: 1_280, height: 900 } },
  { colorScheme: "light", viewport: { width: 390, height: 800 } },
] as const)("the page, $colorScheme, $viewport.width pixels wide", (options) => {
  test("has nothing that axe calls a violation: empty, with a reply, with problems, with chunks, with attempts, cancelled, with a failure", async () => {
    const opened = await open(options);
    const { page, reach, send } = opened;
    await page.getByText("Nothing was sent from this browser yet.").waitFor();
    expect(await violationsOf(opened)).toEqual([]);
    await send("report");
    await reach("succeeded");
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await violationsOf(opened)).toEqual([]);
    await send("report", '{"account": "", "lines": [{"quantity": -1}]}');
    await page.locator("#problems li").first().waitFor();
    expect(await violationsOf(opened)).toEqual([]);
    await send("countdown", '{"from": 100, "everyMs": 300}');
    await page.getByLabel("Chunks, one in each line").waitFor();
    await page.getByRole("progressbar", { name: "Progress" }).waitFor();
    expect(await violationsOf(opened)).toEqual([]);
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await reach("cancelled");
    expect(await violationsOf(opened)).toEqual([]);
    await send("flaky", '{"failures": 1}');
    await page.locator(".why").getByText("Attempt 1 was to fail.").waitFor();
    expect(await violationsOf(opened)).toEqual([]);
    await page.context().setOffline(true);
    await send("sum");
    await reach("unanswered", 60_000);
    expect(await violationsOf(opened)).toEqual([]);
  });
});

test("each thing that can be done is reached by Tab, in the order in which it is seen", async () => {
  const { page, reach, send } = await open();
  await send("sum");
  await reach("succeeded");
  await page.reload();
  await page.getByLabel("Reply as JSON").waitFor();
  const names: string[] = [];
  for (let count = 0; count < 40; count++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate<string>(NAME);
    if (name === "") break;
    names.push(name);
  }
  expect(names).toEqual(
    [
      ...["operation", "field-a", "field-b", "json", "Send", "Send 100", "Send 1,000", "Start from the example"],
      ...["Reply as JSON", "Send again", "Edit", "Copy as curl", "Copy as code", expect.stringMatching(/^[\w-]{63}$/)],
      ...["GET /status/", "letter-operation", "letter-code", "letter-since", "letter-all", "Refresh"],
      ...["filter", "Forget what has ended", expect.stringMatching(/^succeededsum/), "Send sum again"],
    ].map((name) => (typeof name === "string" ? expect.stringContaining(name) : name)),
  );
});

const NAME = `(() => {
  const { activeElement: element } = document;
  return element === document.body ? "" : element.ariaLabel || element.id || element.textContent.trim();
})()`;

test("who does not want motion gets none", async () => {
  const { page, reach, send } = await open({ reducedMotion: "reduce" });
  await send("report");
  await reach("processing");
  const animation = await page.evaluate(`getComputedStyle(document.querySelector(".waiting"), "::before").animationName`);
  expect(animation).toBe("none");
});
