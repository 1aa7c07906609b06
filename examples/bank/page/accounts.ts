import type { ClientError } from "@rejoinder/sdk/client";
import { countMoney } from "../app/money.ts";
import { type Balance, type BankClient, byId, element, moneyOf } from "./bank-client.ts";

export type Accounts = {
  /** Shows an account and each change of it. @param row how it is, if that is known */
  watch(account: string, row?: Balance): void;
  ownerOf(account: string): string;
};

/** The accounts, and the count of their money, as they are now. */
export const showAccounts = (client: BankClient, onError: (error: ClientError) => void): Accounts => {
  const rows = new Map<string, Balance>();
  const live = new Map<string, boolean>();
  for (const select of document.querySelectorAll("select"))
    select.addEventListener("change", () => (select.dataset["chosen"] = select.value));

  const show = (): void => {
    const sorted = [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1));
    byId("accounts").replaceChildren(...sorted.map(([, { owner, balance, reserved }]) => rowOf(owner, balance, reserved)));
    for (const select of document.querySelectorAll("select")) offer(select, sorted);
    const { deposited, inFlight, balance, reserved, unexplained } = countMoney(rows.values());
    for (const [id, cents] of Object.entries({ deposited, "in-flight": inFlight, balance, reserved }))
      byId(id).textContent = moneyOf(cents);
    byId("verdict").textContent = unexplained === 0 ? "True to the cent." : `Nobody knows where ${moneyOf(unexplained)} come from.`;
    byId("verdict").classList.toggle("bad", unexplained !== 0);
  };

  const tellLiveness = (): void => {
    const news = [...live.values()].every(Boolean) ? "Live." : "The bank cannot be reached. This is how it was.";
    // Who listens hears it once.
    if (byId("connection").textContent !== news) byId("connection").textContent = news;
  };

  return {
    watch(account, known) {
      if (live.has(account)) return;
      live.set(account, true);
      if (known !== undefined) rows.set(account, known);
      client.view("balances", account).onChange(({ row, isLive, error }) => {
        if (row !== undefined) rows.set(account, row);
        live.set(account, isLive);
        show();
        tellLiveness();
        if (error !== undefined) onError(error);
      });
    },
    ownerOf: (account) => rows.get(account)?.owner ?? account,
  };
};

const rowOf = (owner: string, balance: number, reserved: number): HTMLElement => {
  const head = element("th", owner);
  head.setAttribute("scope", "row");
  return element("tr", head, element("td", moneyOf(balance)), element("td", moneyOf(reserved)));
};

/** Offers accounts to choose from, and leaves what somebody has chosen as it is. */
const offer = (select: HTMLSelectElement, accounts: readonly (readonly [account: string, row: Balance])[]): void => {
  if (select.options.length === accounts.length) return;
  select.replaceChildren(...accounts.map(([account, { owner }]) => new Option(owner, account)));
  const other = select.name === "payee" ? accounts[1] : accounts[0];
  select.value = select.dataset["chosen"] ?? other?.[0] ?? "";
};
