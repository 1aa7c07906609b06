import fc from "fast-check";
import { expect, test } from "vitest";
import { addUp, countMoney } from "../../../examples/bank/app/money.ts";
import { statementKey } from "../../../examples/bank/app/projections.ts";
import { createInMemoryBank, type InMemoryBank, screen, type SentCommand } from "./in-memory-bank.ts";

const ACCOUNTS = ["ada", "grace", "linus"] as const;
const PAID_IN = 100;

const payment = fc.record({
  payer: fc.constantFrom(...ACCOUNTS),
  /** Nobody has an account called nobody. */
  payee: fc.constantFrom(...ACCOUNTS, "nobody"),
  cents: fc.integer({ min: 1, max: 80 }),
  verdict: fc.constantFrom("approved" as const, "rejected" as const, "none" as const),
});

const openAccounts = (bank: InMemoryBank): void => {
  for (const account of ACCOUNTS) {
    bank.decide({ id: `open-${account}`, name: "account.open", request: { account, owner: account } });
    bank.decide({ id: `deposit-${account}`, name: "account.deposit", request: { account, cents: PAID_IN } });
  }
};

/** What the payments say of the money that payees have and payers still have reserved. */
const creditedNotSettled = (bank: InMemoryBank): number => {
  const bookings = [...bank.statement.values()];
  const sumOf = (kind: string) => bookings.reduce((sum, { booking, cents }) => (booking === kind ? sum + cents : sum), 0);
  return sumOf("credited") - sumOf("settled");
};

const expectAllExplained = (bank: InMemoryBank): void => {
  const money = countMoney(bank.balances.values());
  expect(money.unexplained).toBe(0);
  expect(money.deposited).toBe(ACCOUNTS.length * PAID_IN);
  expect(money.inFlight).toBe(creditedNotSettled(bank));
  expect(money.inFlight).toBeGreaterThanOrEqual(0);
  for (const { balance, reserved } of bank.balances.values()) expect(Math.min(balance, reserved)).toBeGreaterThanOrEqual(0);
};

test("in whatever order commands come, and however often, no cent is lost or made, and every payment ends", () => {
  fc.assert(
    fc.property(fc.array(payment, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat()), (wanted, choices) => {
      const bank = createInMemoryBank();
      openAccounts(bank);
      const pending: SentCommand[] = wanted
        .map((details, index) => ({ ...details, payment: `p${index}` }))
        .filter(({ payer, payee }) => payer !== payee)
        .map(({ payment, payer, payee, cents }) => ({
          id: `initiate-${payment}`,
          name: "payment.initiate",
          request: { payment, payer, payee, cents },
        }));
      const initiated = pending.length;
      const screened = new Set<string>();
      for (const choice of choices) {
        const index = choice % (pending.length || 1);
        const command = pending[index];
        if (command === undefined) break;
        // One in four comes again later, as when whoever sent it was killed: perhaps under another ID, which the memory of commands does not know.
        if (choice % 4 !== 3) pending.splice(index, 1);
        else if (choice % 8 === 7) pending[index] = { ...command, id: `${command.id}-again` };
        pending.push(...bank.decide(command));
        for (const [id, { stage }] of bank.payments) {
          const verdict = wanted[Number(id.slice(1))]?.verdict ?? "none";
          if (stage !== "reserved" || screened.has(id) || verdict === "none") continue;
          screened.add(id);
          pending.push(screen(id, verdict));
        }
        expectAllExplained(bank);
      }
      expect([bank.payments.size, [...bank.payments.values()].filter(({ isOver }) => !isOver)]).toEqual([initiated, []]);
      expect(countMoney(bank.balances.values())).toMatchObject({ balance: ACCOUNTS.length * PAID_IN, reserved: 0, inFlight: 0 });
      expectBalancesOfStatement(bank);
    }),
    { numRuns: 300 },
  );
});

/** Each account has what its bookings add up to. */
const expectBalancesOfStatement = (bank: InMemoryBank): void => {
  for (const [account, { owner: _, version, ...numbers }] of bank.balances) {
    const own = [...bank.statement].filter(([key]) => key.startsWith(`${account}/`) && key <= statementKey(account, version));
    expect(addUp(own.map(([, booking]) => booking))).toEqual(numbers);
  }
};

test("money that is nobody's is found", () => {
  const row = { balance: 10, reserved: 0, deposited: 9, received: 0, sent: 0 };
  expect(countMoney([row])).toEqual({ balance: 10, reserved: 0, deposited: 9, inFlight: 0, unexplained: 1 });
});
