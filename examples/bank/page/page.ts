import { ClientError } from "@rejoinder/sdk/client";
import { showAccounts } from "./accounts.ts";
import { byId, createBankClient, moneyOf } from "./bank-client.ts";
import { showPayments } from "./payments.ts";

const client = createBankClient(document.documentElement.dataset["worker"] ?? "");

const tell = (news: string): void => void (byId("news").textContent = news);
const complain = (error: unknown): void => {
  byId("problem").textContent = error instanceof ClientError ? `${error.message} (${error.code})` : String(error);
};

const accounts = showAccounts(client, complain);
const payments = showPayments(client, accounts.ownerOf);

/** The status of the request shows the journey while it lasts. */
const pay = async (payer: string, payee: string, cents: number): Promise<void> => {
  byId("problem").textContent = "";
  const what = `${moneyOf(cents)} to ${accounts.ownerOf(payee)}`;
  tell(`Paying ${what} …`);
  const paying = client.submit("pay", { payer, payee, cents });
  paying.onChange(({ progress }) => {
    if (progress !== undefined) payments.show(progress.payment, { payer, payee, cents, journey: progress.journey });
  });
  const end = await paying.reply.catch((error: unknown) => {
    if (client.isDefined(error, "NOT_PAID")) return error.data;
    complain(error);
    return undefined;
  });
  if (end !== undefined) await payments.follow(end.payment);
  const last = end?.journey.at(-1)?.stage;
  tell(last === undefined ? `${what}: not known.` : `${what}: ${last === "completed" ? "paid" : "not paid"}.`);
};

const form = byId<HTMLFormElement>("pay");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = (name: string): string => String(new FormData(form).get(name));
  pay(field("payer"), field("payee"), Math.round(Number(field("amount")) * 100)).catch(complain);
});

const open = byId<HTMLButtonElement>("open");
open.addEventListener("click", () => {
  open.disabled = true;
  const opening = ["Ada", "Grace", "Mary"].map(async (owner) => {
    const account = owner.toLowerCase();
    await client.request("account.open", { account, owner }).catch((error: unknown) => {
      // Somebody was quicker.
      if (!client.isDefined(error, "ALREADY_OPEN")) throw error;
    });
    await client.request("account.deposit", { account, cents: 500_000 });
    accounts.watch(account);
  });
  Promise.all(opening)
    .then(() => {
      open.hidden = true;
      form.querySelector("select")?.focus();
    })
    .catch(complain)
    .finally(() => (open.disabled = false));
});

const begin = async (): Promise<void> => {
  let isEmpty = true;
  for await (const { key, row } of client.views("balances")) {
    isEmpty = false;
    accounts.watch(key, row);
  }
  open.hidden = !isEmpty;
  for await (const { key, row } of client.views("payments")) {
    payments.show(key, row);
    if (!row.isOver) payments.follow(key).catch(complain);
  }
};
begin().catch(complain);
