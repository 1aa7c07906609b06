import { after, type Duration, policy, send } from "@rejoinder/sdk/consumer";
import { account, contract, payment } from "./contract.ts";

/** How long a payment waits for its money to be reserved and for its screening. */
export const PATIENCE: Duration = "30s";

/** What a payment asks of accounts. After each end that is no good one, what was reserved is released. */
export const transfer = policy(payment, {
  initiated: ({ payer, cents }, { id }) => [
    send(contract["account.reserve"], { account: payer, payment: id, cents }),
    after(PATIENCE, send(contract["payment.time-out"], { payment: id })),
  ],
  approved: ({ payee, cents }, { id }) => send(contract["account.credit"], { account: payee, payment: id, cents }),
  credited: ({ payer }, { id }) => send(contract["account.settle"], { account: payer, payment: id }),
  rejected: ({ payer }, { id }) => send(contract["account.release"], { account: payer, payment: id }),
  "timed-out": ({ payer }, { id }) => send(contract["account.release"], { account: payer, payment: id }),
  undeliverable: ({ payer }, { id }) => send(contract["account.release"], { account: payer, payment: id }),
});

/** What accounts have done, told to the payment that it was done for. */
export const bookings = policy(account, {
  reserved: ({ payment }) => send(contract["payment.note-reserved"], { payment }),
  "reserve-refused": ({ payment, reason }) => send(contract["payment.note-refused"], { payment, reason }),
  credited: ({ payment }) => send(contract["payment.note-credited"], { payment }),
  "credit-refused": ({ payment }) => send(contract["payment.note-credit-refused"], { payment }),
  settled: ({ payment }) => send(contract["payment.note-settled"], { payment }),
  released: ({ payment }) => send(contract["payment.note-released"], { payment }),
});
