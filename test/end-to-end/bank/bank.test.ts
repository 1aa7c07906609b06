import { availableParallelism } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, createCaller } from "../caller.ts";
import { until } from "../../helpers/stack.ts";
import { expectEnds, expectExplained, readBooks, readPayments, type Wanted } from "./books.ts";
import { type Bank, startBank } from "./stack.ts";

/** How many payments there are on Node, and a quarter of them in workerd. `BANK_PAYMENTS=10000` makes as many, for whoever has a quarter of an hour. */
const MANY = Number(process.env["BANK_PAYMENTS"] ?? 1_000);
const ACCOUNTS = 50;
const PAID_IN = 1_000_000;
/** Payments that have not ended. */
const OPEN_AT_MOST = 300;
const AT_ONCE = 16 * availableParallelism();

const accountOf = (index: number): string => `account-${index % ACCOUNTS}`;

/** Most are small. Some are for a person and time out, some are rejected, some are for nobody, and some are more than anybody has. */
const wantedOf = (index: number): Wanted => {
  const payer = accountOf(index * 7);
  const payee = index % 40 === 1 ? "nobody" : accountOf(index * 7 + 1 + (index % 48));
  const cents = index % 40 === 2 ? 95_000 : index % 40 === 3 ? 120_000 : index % 40 === 4 ? 90_000_000 : 1 + ((index * 7_919) % 60_000);
  return { payment: `p-${index}`, payer, payee, cents };
};

describe.each([
  { host: "node", payments: MANY, victims: ["consumer", "screening", "worker", "everything"] },
  { host: "workerd", payments: Math.ceil(MANY / 4), victims: ["gateway", "consumer", "workerd", "screening"] },
] as const)("a bank on $host", ({ host, payments, victims }) => {
  let bank: Bank;
  let caller: Caller;
  const wanted = new Map<string, Wanted>();
  beforeAll(async () => {
    bank = await startBank(host);
    caller = createCaller(bank.stack.url);
    for (let index = 0; index < ACCOUNTS; index++) {
      const account = accountOf(index);
      await bank.client.request("account.open", { account, owner: `Owner ${index}` });
      await bank.client.request("account.deposit", { account, cents: PAID_IN });
    }
  });
  afterAll(() => bank?.remove());

  test("shows the journey of a payment in the status of one request", async () => {
    const journeys: string[][] = [];
    const paying = bank.client.submit("pay", { payer: "account-0", payee: "account-1", cents: 5 });
    paying.onChange(({ progress }) => progress !== undefined && journeys.push(progress.journey.map(({ stage }) => stage)));
    const { payment, journey } = await paying.reply;
    const stages = ["initiated", "reserved", "approved", "credited", "completed"];
    expect([payment, journey.map(({ stage }) => stage)]).toEqual([await paying.accepted, stages]);
    for (const seen of journeys) expect(stages.slice(0, seen.length)).toEqual(seen);
    expect(journeys.length).toBeGreaterThan(0);
    wanted.set(payment, { payment, payer: "account-0", payee: "account-1", cents: 5 });
  });

  test("tells the caller how far a payment came that is refused", async () => {
    const paying = bank.client.request("pay", { payer: "account-0", payee: "account-1", cents: 90_000_000 });
    const error = await paying.catch((caught: unknown) => caught);
    expect(bank.client.isDefined(error, "NOT_PAID") && error.data.journey.map(({ stage }) => stage)).toEqual(["initiated", "refused"]);
    const payment = bank.client.isDefined(error, "NOT_PAID") ? error.data.payment : "";
    wanted.set(payment, { payment, payer: "account-0", payee: "account-1", cents: 90_000_000 });
  });

  const crash = async (victim: (typeof victims)[number]): Promise<void> => {
    if (victim === "screening") return bank.crashScreening();
    if (victim !== "everything") return bank.stack.crash(victim);
    await bank.stack.crashAll();
    await bank.stack.restart();
  };

  /** Sends a payment until the log has it. To send it twice does no harm. */
  const initiate = async (request: Wanted): Promise<void> => {
    while ((await caller.send("payment.initiate", request)).outcome !== "accepted");
  };

  test("loses no cent and makes none through kill -9 of everything, and each payment comes to one end", { timeout: 900_000 }, async () => {
    const own = Array.from({ length: payments }, (_, index) => wantedOf(index));
    let sent = 0;
    let over = 0;
    let crashes = 0;
    const send = async (): Promise<void> => {
      for (let request = own[sent++]; request !== undefined; request = own[sent++]) {
        wanted.set(request.payment, request);
        await initiate(request);
        // More would wait for so long that all of them time out.
        await until(() => sent - over < OPEN_AT_MOST);
      }
    };
    /** Kills one after the other as payments come to their end, and sends again what was accepted and not decided before its deadline. */
    const follow = (): Promise<void> =>
      until(async () => {
        const rows = await readPayments(bank.client).catch(() => undefined);
        if (rows === undefined) return false;
        over = [...rows.values()].filter(({ isOver }) => isOver).length;
        const victim = victims[crashes];
        if (victim !== undefined && over >= ((crashes + 1) * payments) / (victims.length + 2)) {
          crashes += 1;
          await crash(victim);
        }
        const missing = [...wanted.values()].filter(({ payment }) => !rows.has(payment));
        if (over === rows.size && sent >= payments) await Promise.all(missing.map(initiate));
        return over === wanted.size && sent >= payments && crashes === victims.length;
      });
    const ended = new AbortController();
    const total = ACCOUNTS * PAID_IN;
    let counted = 0;
    const count = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        const books = await readBooks(bank.client).catch(() => undefined);
        if (books === undefined) continue;
        expectExplained(books, total, wanted);
        counted += 1;
      }
    };
    const counting = count();
    // A count that is wrong ends the test at once.
    await Promise.race([counting, Promise.all([...Array.from({ length: AT_ONCE }, send), follow()])]);
    ended.abort();
    await counting;
    expect(counted).toBeGreaterThan(1);
    expectExplained(await readBooks(bank.client), total, wanted);
    await expectEnds(bank.client, new Map(Array.from({ length: ACCOUNTS }, (_, index) => [accountOf(index), PAID_IN])), wanted);
    const stages = [...(await readPayments(bank.client)).values()].map(({ journey }) => journey.map(({ stage }) => stage));
    for (const one of ["completed", "refused", "rejected", "timed-out", "undeliverable"] as const)
      expect(stages.some((journey) => journey.includes(one))).toBe(true);
  });
});
