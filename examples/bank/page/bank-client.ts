import { type Client, createClient, type RowOf } from "@rejoinder/sdk/client";
// The type of the contract alone: its schemas need not be in the page.
import type { contract } from "../app/contract.ts";

export type BankClient = Client<typeof contract>;
export type Balance = RowOf<typeof contract, "balances">;
export type Payment = Pick<RowOf<typeof contract, "payments">, "payer" | "payee" | "cents" | "journey">;

/** @param url where the Worker is */
export const createBankClient = (url: string): BankClient => createClient<typeof contract>({ url });

/** Cents as people write money, such as 1,250.00. */
export const moneyOf = (cents: number): string =>
  (cents / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const byId = <Kind extends HTMLElement>(id: string): Kind => document.getElementById(id) as Kind;

/** A new element with a text or children. */
export const element = (name: string, ...children: readonly (Node | string)[]): HTMLElement => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};
