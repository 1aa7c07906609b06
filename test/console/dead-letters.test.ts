import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { useFailingProject } from "../helpers/failing-project.ts";
import { type OpenedPage, useConsole } from "./opened-page.ts";

const { start, breakHandlers, mendHandlers } = useFailingProject();
const { open } = useConsole(start);

const section = (page: Page) => page.getByRole("region", { name: "Dead letters" });
const rowsOf = (page: Page) => section(page).locator(".letter .show");
const refresh = (page: Page): Promise<void> => section(page).getByRole("button", { name: "Refresh" }).click();

/** Sends requests that become dead letters, and shows these. */
const fail = async ({ page, reach, send }: OpenedPage, count = 1, operation = "sum"): Promise<void> => {
  const before = await rowsOf(page).count();
  breakHandlers();
  for (let sent = 0; sent < count; sent++) {
    await send(operation);
    await reach("failed");
  }
  mendHandlers();
  await refresh(page);
  await rowsOf(page)
    .nth(before + count - 1)
    .waitFor();
};

const dropAll = async (page: Page): Promise<void> => {
  await section(page)
    .getByRole("button", { name: /^Drop all/ })
    .click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Drop / })
    .click();
  await section(page).getByText("There are none.").waitFor();
};

beforeEach(mendHandlers);

/** A page of which nobody has left dead letters. */
const openEmpty = async (...options: Parameters<typeof open>): Promise<OpenedPage> => {
  const opened = await open(...options);
  const none = section(opened.page).getByText("There are none.");
  await none.or(rowsOf(opened.page).first()).waitFor();
  if ((await none.count()) === 0) await dropAll(opened.page);
  return opened;
};

test("a dead letter is listed with its code and its reason, and shown with payload and headers", async () => {
  const opened = await openEmpty();
  const { page, complaints } = opened;
  await fail(opened);
  expect(await rowsOf(page).first().textContent()).toMatch(/^HANDLER_FAILEDsum.*add is not a function/);
  await rowsOf(page).first().click();
  const payload = section(page).getByLabel("Payload of the dead letter");
  await payload.getByText('"a": 2').waitFor();
  await section(page)
    .getByText(/^\d+ headers$/)
    .click();
  await section(page).getByLabel("Headers of the dead letter").getByText("rejoinder-code: HANDLER_FAILED").waitFor();
  const { violations } = await new AxeBuilder({ page: page as never }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  expect(complaints).toEqual([]);
});

test("one that is redriven goes on where it was sent: its status ends as succeeded", async () => {
  const opened = await openEmpty();
  const { page, reach, reply, states } = opened;
  await fail(opened);
  await rowsOf(page).first().click();
  await section(page).getByRole("button", { name: "Redrive", exact: true }).click();
  await section(page).getByText("1 dead letter redriven.").waitFor();
  await section(page).getByText("There are none.").waitFor();
  await reach("succeeded");
  expect(await reply()).toEqual({ sum: 5 });
  expect((await states()).slice(-2)).toEqual(["failed", "succeeded"]);
  await section(page).getByLabel("settled ones, too").check();
  await rowsOf(page).first().getByText("redriven").waitFor();
});

test("several are counted before anything is done, and only what was chosen is redriven", async () => {
  const opened = await openEmpty();
  const { page } = opened;
  await fail(opened, 3);
  const boxes = section(page).getByRole("checkbox", { name: /^Choose / });
  await boxes.nth(0).check();
  await boxes.nth(2).check();
  await section(page).getByRole("button", { name: "Redrive the 2 chosen" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Redrive 2 dead letters?").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await rowsOf(page).count()).toBe(3);
  await section(page).getByRole("button", { name: "Redrive the 2 chosen" }).click();
  await dialog.getByRole("button", { name: "Redrive 2 dead letters" }).click();
  await section(page).getByText("2 dead letters redriven.").waitFor();
  await boxes.nth(1).waitFor({ state: "detached" });
  expect(await rowsOf(page).count()).toBe(1);
});

test("dropping asks first, also for one", async () => {
  const opened = await openEmpty();
  const { page } = opened;
  await fail(opened);
  await rowsOf(page).first().click();
  await section(page).getByRole("button", { name: "Drop", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Drop 1 dead letter?").waitFor();
  const { violations } = await new AxeBuilder({ page: page as never }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  await page.keyboard.press("Escape");
  expect(await rowsOf(page).count()).toBe(1);
  await section(page).getByRole("button", { name: "Drop", exact: true }).click();
  await dialog.getByRole("button", { name: "Drop 1 dead letter" }).click();
  await section(page).getByText("1 dead letter dropped.").waitFor();
  await section(page).getByText("There are none.").waitFor();
});

test("they are narrowed down by operation, code and time", async () => {
  const opened = await openEmpty();
  const { page } = opened;
  await fail(opened);
  await fail(opened, 1, "brief");
  await section(page).getByLabel("Of", { exact: true }).selectOption("brief");
  await section(page).getByRole("button", { name: "Redrive all 1" }).waitFor();
  expect(await rowsOf(page).count()).toBe(1);
  await section(page).getByLabel("with code").fill("OTHER");
  await section(page).getByLabel("with code").press("Enter");
  await section(page).getByText("None of them.").waitFor();
  await section(page).getByLabel("with code").fill("");
  await section(page).getByLabel("with code").press("Enter");
  await section(page).getByLabel("of", { exact: true }).selectOption("the last hour");
  await rowsOf(page).first().waitFor();
  await section(page).getByLabel("Of", { exact: true }).selectOption("all operations");
  await section(page).getByRole("button", { name: "Drop all 2" }).waitFor();
});

test("a Worker that cannot read them says what else can", async () => {
  const { page } = await open();
  const problem = { title: "This Worker's store cannot do that", detail: "Call rejoinder dead-letters.", code: "NOT_SUPPORTED" };
  await page.route("**/dead-letters?*", (route) => route.fulfill({ status: 501, contentType: "application/problem+json", json: problem }));
  await page.reload();
  await section(page).getByText("Call rejoinder dead-letters.").waitFor();
});

test.each([320, 1_440])("nothing sticks out of a page %d pixels wide", async (width) => {
  const opened = await openEmpty({ viewport: { width, height: 800 } });
  const { page } = opened;
  await fail(opened);
  await rowsOf(page).first().click();
  await section(page)
    .getByText(/^\d+ headers$/)
    .click();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
});
