import { defineConsumer } from "@rejoinder/sdk/consumer";
import { defineContract } from "@rejoinder/sdk/contract";
import { startRejoinder } from "@rejoinder/sdk/testing";
import { expect, test } from "vitest";
import { createBankProject } from "../consumer/aggregates/bank-project.ts";
import { account } from "../consumer/deciders/account.ts";
import { accounts } from "../contract/bank.ts";

test("a command takes the path of any operation, from the client to its decider, whose errors come back typed", async () => {
  const contract = defineContract({ account: accounts });
  const consumer = defineConsumer({
    contract,
    handlers: {},
    deciders: { account },
  });

  await using app = await startRejoinder(consumer, { directory: createBankProject(), host: "node" });
  await app.client.request("account.open", { account: "ada", owner: "Ada" });
  expect(await app.client.request("account.credit", { account: "ada", cents: 100 })).toEqual({ balance: 100 });
  expect(await app.client.request("account.debit", { account: "ada", cents: 40 })).toEqual({ balance: 60 });
  await expect(app.client.request("account.debit", { account: "ada", cents: 61 })).rejects.toMatchObject({
    code: "TOO_LITTLE_MONEY",
    data: { balance: 60 },
  });
});
