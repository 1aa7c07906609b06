import { expect, test } from "vitest";
import { useConsole } from "./opened-page.ts";

const { open, stack } = useConsole();

test("a network that vanishes is told, and once it is back the reply arrives by itself", async () => {
  const { page, reach, send, states } = await open();
  await send("report");
  await reach("accepted");
  await page.context().setOffline(true);
  await page.getByText("This browser is offline.").waitFor();
  await page.getByText("The server cannot be reached. Asking again until it can.").waitFor();
  await page.context().setOffline(false);
  await reach("succeeded");
  expect(await page.getByText("The server cannot be reached").count()).toBe(0);
  expect((await states()).at(-1)).toBe("succeeded");
  await page.locator(".connection[data-connection=online]").waitFor({ state: "attached" });
});

test("a request sent without a network arrives once it is back", async () => {
  const { page, reach, send, states } = await open();
  await page.context().setOffline(true);
  await send("sum");
  await reach("sending");
  await page.context().setOffline(false);
  await reach("succeeded");
  expect((await states()).at(-1)).toBe("succeeded");
});

test("a reload before the server has answered sends the request again under its key, and it is still one", async () => {
  const { page, reach, send, rows } = await open();
  const answers: { readonly key: string | undefined; readonly replayed: string | undefined }[] = [];
  let isHeld = true;
  await page.route("**/requests/*", async (route) => {
    const response = await route.fetch();
    answers.push({ key: route.request().headers()["idempotency-key"], replayed: response.headers()["idempotent-replayed"] });
    // The server has taken it, and nobody hears of that.
    if (!isHeld) await route.fulfill({ response });
  });
  await send("sum");
  await expect.poll(() => answers.length).toBe(1);
  isHeld = false;
  await page.reload();
  await reach("succeeded");
  expect(answers).toEqual([
    { key: answers[0]?.key, replayed: undefined },
    { key: answers[0]?.key, replayed: "true" },
  ]);
  expect(answers[0]?.key).toMatch(/^"[0-9a-f]{32}"$/);
  expect(await rows()).toHaveLength(1);
});

test("the page that was open while the Worker was killed and came back still works", async () => {
  const { reach, reply, send } = await open();
  await send("report");
  await reach("accepted");
  await stack().crash("workerd");
  await reach("succeeded", 60_000);
  await send("sum");
  await reach("succeeded");
  expect(await reply()).toEqual({ sum: 5 });
});

test("a server that is gone is told, and told no more once it is back", async () => {
  const { page } = await open();
  await stack().stop();
  await page.getByText("The server does not answer.").waitFor({ timeout: 60_000 });
  await stack().restart();
  await page.locator(".connection[data-connection=online]").waitFor({ state: "attached", timeout: 60_000 });
});

test("a tab that was frozen while the reply came shows it when it is looked at again", async () => {
  const { page, reach, reply, send } = await open();
  const session = await page.context().newCDPSession(page);
  await send("report");
  await reach("accepted");
  const id = await page.locator(".correlation-id a").textContent();
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  const status = async () =>
    (await (await fetch(`${stack().url}/status/${id}`, { headers: { prefer: "wait=20" } })).json()) as { state: string };
  expect(await status()).toMatchObject({ state: "succeeded" });
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await reach("succeeded");
  expect(await reply()).toMatchObject({ account: "acme" });
});
