import { join } from "node:path";
import { defineConsumer } from "@rejoinder/sdk/consumer";
import { defineContract } from "@rejoinder/sdk/contract";
import { startRejoinder } from "@rejoinder/sdk/testing";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { accounts } from "../contract/bank.ts";
import { createProject } from "./fixtures/project.ts";

test("a command takes the path of any operation, from the client to its handler, whose errors come back typed", async () => {
  const project = createProject();
  onTestFinished(project.remove);
  project.write(
    "app/contract.ts",
    `import { defineContract } from "@rejoinder/sdk/contract";
import { accounts } from ${JSON.stringify(join(ROOT, "test/contract/bank.ts"))};
export const contract = defineContract({ account: accounts });`,
  );
  const contract = defineContract({ account: accounts });
  const consumer = defineConsumer({
    contract,
    handlers: {
      "account.open": () => null,
      "account.credit": ({ cents }) => ({ balance: cents }),
      "account.debit"({ account, cents }, { errors }) {
        if (account === "empty") throw errors.TOO_LITTLE_MONEY({ balance: 0 });
        return { balance: 100 - cents };
      },
    },
  });

  await using app = await startRejoinder(consumer, { directory: project.root, host: "node" });
  expect(await app.client.request("account.debit", { account: "ada", cents: 40 })).toEqual({ balance: 60 });
  await expect(app.client.request("account.debit", { account: "empty", cents: 1 })).rejects.toMatchObject({
    code: "TOO_LITTLE_MONEY",
    data: { balance: 0 },
  });
  const response = await fetch(`${app.url}/requests/account.credit`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=10" },
    body: '{"account":"ada","cents":5}',
  });
  expect([response.status, await response.json()]).toEqual([200, { balance: 5 }]);
});
