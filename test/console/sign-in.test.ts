import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { createProblem } from "../../protocol/problem.ts";
import { useConsole } from "./opened-page.ts";

const { open } = useConsole();

const KEY = "rj_test_0123456789_good";

/** Has the API ask for a key, and lets nobody but its holder through. Tells which credentials came. */
const guard = async (page: Page): Promise<readonly (string | undefined)[]> => {
  const came: (string | undefined)[] = [];
  await page.route(/\/(requests|status|consumers|dead-letters)([/?]|$)/, (route) => {
    const { authorization } = route.request().headers();
    came.push(authorization);
    if (authorization === `Bearer ${KEY}`) return route.continue();
    const detail = authorization === undefined ? "Send an API key or a token." : "The key is not known.";
    return route.fulfill({ status: 401, contentType: "application/problem+json", json: createProblem("UNAUTHENTICATED", { detail }) });
  });
  await page.reload();
  return came;
};

const field = (page: Page) => page.getByLabel("API key or token");

test("a Worker that anybody may call shows no field to sign in", async () => {
  const { page, reach, send } = await open();
  await send("sum");
  await reach("succeeded");
  expect(await field(page).count()).toBe(0);
});

test("once the Worker asks who calls, the page asks for a key, and every call carries it", async () => {
  const { page, reach, reply, send } = await open();
  const came = await guard(page);
  await page.getByText("The call does not say who calls. Send an API key or a token.").waitFor();
  await field(page).fill(` ${KEY} `);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in.").waitFor();
  expect(await field(page).count()).toBe(0);
  await page.getByRole("region", { name: "Dead letters" }).getByText("There are none.").waitFor();
  const before = came.length;
  await send("sum");
  await reach("succeeded");
  expect(await reply()).toEqual({ sum: 5 });
  expect(new Set(came.slice(before))).toEqual(new Set([`Bearer ${KEY}`]));
  // What is shown and kept of an exchange has no credentials in it.
  for (const summary of await page.locator(".exchanges summary").all()) await summary.click();
  expect(await page.locator("body").textContent()).not.toContain(KEY);
  expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain(KEY);
});

test("a reload stays signed in, another tab does not know the key, and who signs out is asked again", async () => {
  const { page } = await open();
  await guard(page);
  await field(page).fill(KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in.").waitFor();
  await page.reload();
  await page.getByText("Signed in.").waitFor();
  expect(await page.evaluate("Object.values(sessionStorage)")).toEqual([KEY]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Send an API key or a token.").waitFor();
  expect(await page.evaluate("Object.values(sessionStorage)")).toEqual([]);
});

test("a key that is refused is told with the reason, and another one can be tried", async () => {
  const { page } = await open();
  await guard(page);
  await field(page).fill("rj_test_0123456789_bad");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("The key is not known.").waitFor();
  await field(page).fill(KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await field(page).waitFor({ state: "detached" });
  await page.getByText("Signed in.").waitFor();
});
