import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, operation, view } from "../../contract/index.ts";
import { describeViews } from "../../contract/contract.ts";
import { accounts } from "./bank.ts";

test("what a contract says of its views is their aggregate, their version and a row", () => {
  const contract = defineContract({
    account: accounts,
    balances: view({ from: accounts, version: 2, row: z.strictObject({ balance: z.int() }) }),
  });
  expect(describeViews(contract)).toEqual({
    balances: {
      aggregate: "account",
      version: 2,
      row: expect.objectContaining({ type: "object", required: ["balance"] }),
    },
  });
  expect(describeViews(defineContract({ sum: operation({ request: z.int(), reply: z.int() }) }))).toEqual({});
});
