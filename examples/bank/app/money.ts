import type { RowOf } from "@rejoinder/sdk/contract";
import type { balances } from "./contract.ts";

/** The money of a bank, in cents. */
export type Money = {
  /** What owners can spend, and what is set aside for payments. */
  readonly balance: number;
  readonly reserved: number;
  /** All that was ever paid in. */
  readonly deposited: number;
  /**
   * What payees have and payers still have reserved. A payee is credited before the payer's reservation is settled, so it is never below zero in
   * accounts that are read at one moment; read one after the other, they may have the second without the first.
   */
  readonly inFlight: number;
  /** What the accounts have and nobody knows why. Anything but 0 is a fault of the bank. */
  readonly unexplained: number;
};

/** Counts the money of accounts: what they have is what was paid in and what is in flight, to the cent, at any moment. */
export const countMoney = (
  accounts: Iterable<Pick<RowOf<typeof balances>, "balance" | "reserved" | "deposited" | "received" | "sent">>,
): Money => {
  const money = { balance: 0, reserved: 0, deposited: 0, inFlight: 0 };
  for (const { balance, reserved, deposited, received, sent } of accounts) {
    money.balance += balance;
    money.reserved += reserved;
    money.deposited += deposited;
    money.inFlight += received - sent;
  }
  return { ...money, unexplained: money.balance + money.reserved - money.deposited - money.inFlight };
};
