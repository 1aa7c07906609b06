import type { RowOf } from "@rejoinder/sdk/contract";
import type { balances, statement } from "./contract.ts";

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

/** The numbers of an account that count. */
export type AccountMoney = Pick<RowOf<typeof balances>, "balance" | "reserved" | "deposited" | "received" | "sent">;

/** Counts the money of accounts: what they have is what was paid in and what is in flight, to the cent, at any moment. */
export const countMoney = (accounts: Iterable<AccountMoney>): Money => {
  const money = { balance: 0, reserved: 0, deposited: 0, inFlight: 0 };
  for (const { balance, reserved, deposited, received, sent } of accounts) {
    money.balance += balance;
    money.reserved += reserved;
    money.deposited += deposited;
    money.inFlight += received - sent;
  }
  return { ...money, unexplained: money.balance + money.reserved - money.deposited - money.inFlight };
};

/** What each kind of booking adds to an account. */
const ADDS: Readonly<Record<RowOf<typeof statement>["booking"], Partial<Readonly<Record<keyof AccountMoney, 1 | -1>>>>> = {
  deposited: { balance: 1, deposited: 1 },
  reserved: { balance: -1, reserved: 1 },
  credited: { balance: 1, received: 1 },
  settled: { reserved: -1, sent: 1 },
  released: { balance: 1, reserved: -1 },
};

/** What the bookings of an account add up to. */
export const addUp = (bookings: Iterable<Pick<RowOf<typeof statement>, "booking" | "cents">>): AccountMoney => {
  const account = { balance: 0, reserved: 0, deposited: 0, received: 0, sent: 0 };
  for (const { booking, cents } of bookings)
    for (const [name, sign] of Object.entries(ADDS[booking])) account[name as keyof AccountMoney] += sign * cents;
  return account;
};
