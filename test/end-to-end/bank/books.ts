import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "@rejoinder/sdk/client";
import type { RowOf } from "@rejoinder/sdk/contract";
import { expect } from "vitest";
import type { balances, contract, payments, statement } from "../../../examples/bank/app/contract.ts";
import { addUp, countMoney, type Money } from "../../../examples/bank/app/money.ts";
import { statementKey } from "../../../examples/bank/app/projections.ts";

export type BankClient = Client<typeof contract>;

/** A payment as its payer wanted it. */
export type Wanted = { readonly payment: string; readonly payer: string; readonly payee: string; readonly cents: number };

type Account = RowOf<typeof balances>;
type Booking = RowOf<typeof statement>;

/** The rows of all accounts, one page after the other while payments go on, and the bookings of each that its row has seen. */
export type Books = { readonly accounts: ReadonlyMap<string, Account>; readonly bookings: ReadonlyMap<string, readonly Booking[]> };

export const readBooks = async (client: BankClient): Promise<Books> => {
  const accounts = new Map<string, Account>();
  for await (const { key, row } of client.views("balances")) accounts.set(key, row);
  const bookings = new Map<string, readonly Booking[]>();
  for (const [account, row] of accounts) bookings.set(account, await readBookings(client, account, row));
  return { accounts, bookings };
};

/** Both views are made of the same events, and each arrives when it can: what the row has seen, the statement will have. */
const readBookings = async (client: BankClient, account: string, { version, balance, reserved, sent }: Account): Promise<Booking[]> => {
  const newest = statementKey(account, version);
  for (;;) {
    const bookings: Booking[] = [];
    let isThere = balance === 0 && reserved === 0 && sent === 0;
    for await (const { key, row } of client.views("statement", { prefix: `${account}/` })) {
      if (key <= newest) bookings.push(row);
      isThere ||= key >= newest;
    }
    if (isThere) return bookings;
    await wait(50);
  }
};

/** Each cent has its reason: each account has what its bookings say, and what is in flight is what known payments have credited and not settled. */
export const expectExplained = ({ accounts, bookings }: Books, paidIn: number, wanted: ReadonlyMap<string, Wanted>): Money => {
  const inFlight = new Map<string, number>();
  const seen = new Set<string>();
  for (const [account, { owner: _owner, version: _version, ...numbers }] of accounts) {
    expect({ account, ...addUp(bookings.get(account) ?? []) }).toEqual({ account, ...numbers });
    expect(Math.min(numbers.balance, numbers.reserved)).toBeGreaterThanOrEqual(0);
    for (const { booking, payment, cents } of bookings.get(account) ?? []) {
      if (payment === undefined) continue;
      const { payer, payee, cents: amount } = wanted.get(payment) as Wanted;
      expect({ payment, account, cents }).toEqual({ payment, account: booking === "credited" ? payee : payer, cents: amount });
      // Once at most, whatever was killed.
      expect(seen.has(`${payment} ${booking}`)).toBe(false);
      seen.add(`${payment} ${booking}`);
      if (booking === "credited") inFlight.set(payment, (inFlight.get(payment) ?? 0) + cents);
      if (booking === "settled") inFlight.set(payment, (inFlight.get(payment) ?? 0) - cents);
    }
  }
  const money = countMoney(accounts.values());
  expect(money).toMatchObject({
    unexplained: 0,
    deposited: paidIn,
    inFlight: [...inFlight.values()].reduce((sum, cents) => sum + cents, 0),
  });
  return money;
};

/** The payments of the view, by ID. */
export const readPayments = async (client: BankClient): Promise<Map<string, RowOf<typeof payments>>> => {
  const rows = new Map<string, RowOf<typeof payments>>();
  for await (const { key, row } of client.views("payments")) rows.set(key, row);
  return rows;
};

/** At the end, what each account has is what was paid in and what the payments say that came to their end: another view, of other events. */
export const expectEnds = async (
  client: BankClient,
  paidIn: ReadonlyMap<string, number>,
  wanted: ReadonlyMap<string, Wanted>,
): Promise<void> => {
  const expected = new Map(paidIn);
  const rows = await readPayments(client);
  expect([...rows.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
  for (const [payment, { payer, payee, cents, stage, isOver }] of rows) {
    expect({ payment, payer, payee, cents, isOver }).toEqual({ ...wanted.get(payment), isOver: true });
    if (stage !== "completed") continue;
    expected.set(payer, (expected.get(payer) ?? 0) - cents);
    expected.set(payee, (expected.get(payee) ?? 0) + cents);
  }
  const { accounts } = await readBooks(client);
  expect(new Map([...accounts].map(([account, { balance }]) => [account, balance]))).toEqual(expected);
  expect(countMoney(accounts.values())).toMatchObject({ reserved: 0, inFlight: 0, unexplained: 0 });
};
