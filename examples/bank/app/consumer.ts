import { createClient } from "@rejoinder/sdk/client";
import { defineConsumer } from "@rejoinder/sdk/consumer";
import { accountBehaviour } from "./account.ts";
import { contract } from "./contract.ts";
import { createPay } from "./pay.ts";
import { paymentBehaviour } from "./payment.ts";
import { bookings, transfer } from "./policies.ts";
import { balanceRows, paymentRows, statementRows } from "./projections.ts";

export default defineConsumer({
  contract,
  deciders: { account: accountBehaviour, payment: paymentBehaviour },
  projections: { balances: balanceRows, statement: statementRows, payments: paymentRows },
  policies: { transfer, bookings },
  // Each payment that is followed has a connection of its own.
  handlers: { pay: createPay(createClient({ url: process.env["WORKER_URL"] ?? "http://localhost:8787", contract, maxConnections: 64 })) },
});
