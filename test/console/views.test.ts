import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, createClient } from "../../client/index.ts";
import { contract } from "../../examples/bank/app/contract.ts";
import type { ViewsBody } from "../../protocol/view-api.ts";
import { ROOT } from "../../tools/root.ts";
import { callCommand, type Called } from "../cli/run-command.ts";
import { startStack, until } from "../helpers/stack.ts";
import { useConsole } from "./opened-page.ts";

const BANK = join(ROOT, "examples/bank");

const { open, stack } = useConsole(() => startStack({}, { project: BANK, host: "node" }));

let client: Client<typeof contract>;
beforeAll(async () => {
  client = createClient({ url: stack().url, contract });
  await client.request("account.open", { account: "ada", owner: "Ada" });
  // Views are there once a consumer has sent them whole.
  await until(
    async () =>
      (await client.view("balances", "ada").then(
        (row) => row,
        () => undefined,
      )) !== undefined,
  );
}, 120_000);
afterAll(() => client?.close());

const deposit = async (account: string, cents: number): Promise<string | undefined> =>
  (await client.submit("account.deposit", { account, cents }).result).position;

const views = (...args: readonly string[]): Promise<Called> =>
  callCommand(["views", ...args], { cwd: BANK, variables: { WORKER_URL: stack().url } });

test("who has just sent a command reads what it has changed, in the row and in a list", async () => {
  const before = (await client.view("balances", "ada"))?.balance ?? 0;
  const after = await deposit("ada", 500);
  expect(await client.view("balances", "ada", { after })).toMatchObject({ owner: "Ada", balance: before + 500 });
  const bookings: number[] = [];
  for await (const { key, row } of client.views("statement", { prefix: "ada/", after })) {
    expect(key).toMatch(/^ada\/\d{10}$/);
    bookings.push(row.cents);
  }
  expect(bookings.at(-1)).toBe(500);
});

test("a watched row changes with each command", async () => {
  await client.request("account.open", { account: "bob", owner: "Bob" });
  const seen: number[] = [];
  for await (const row of client.view("balances", "bob")) {
    if (row === undefined) continue;
    seen.push(row.balance);
    if (seen.length === 4) break;
    await deposit("bob", 1);
  }
  expect(seen).toEqual([0, 1, 2, 3]);
});

test("the console shows the views, and a row that changes while somebody looks", async () => {
  const { page, complaints } = await open();
  const section = page.getByRole("region", { name: "Views" });
  await section.getByText("Version 1 is served.").first().waitFor();
  await section.getByLabel("Of", { exact: true }).selectOption("balances");
  await section.getByLabel("the row with key").fill("eve");
  await section.getByRole("button", { name: "Watch" }).click();
  await section.getByText("Live: there is no such row now.").waitFor();
  await client.request("account.open", { account: "eve", owner: "Eve" });
  await section.getByLabel("Row as JSON").getByText('"owner": "Eve"').waitFor();
  const position = await deposit("eve", 700);
  await section.getByLabel("Row as JSON").getByText('"balance": 700').waitFor();
  await section.getByText(String(position)).waitFor();
  expect(complaints).toEqual([]);
});

test("the command lists the views, keeps the version that is read from being dropped, and rebuilds one", async () => {
  const listed = await views("list", "--json");
  expect([listed.code, listed.stderr]).toEqual([0, ""]);
  const told = listed.stdout.trim().split("\n");
  const all = told.map((line) => JSON.parse(line) as ViewsBody["views"][number]);
  expect(all.map(({ view, versions }) => [view, versions.map(({ version, isServed }) => [version, isServed])])).toEqual([
    ["balances", [[1, true]]],
    ["statement", [[1, true]]],
    ["payments", [[1, true]]],
  ]);
  expect((await views("drop", "balances", "1")).stderr).toMatch(/^VIEW_VERSION_IN_USE: /);
  expect((await views("switch", "balances", "9")).stderr).toMatch(/^UNKNOWN_VIEW: /);
  const rebuilt = await views("rebuild", "statement", "1");
  expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringMatching(/^version 1 {2}filling {2}/)]);
});
