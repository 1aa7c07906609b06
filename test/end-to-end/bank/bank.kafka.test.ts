import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../helpers/stack.ts";
import { type Kafka, startKafka } from "../../kafka/broker/start-kafka.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { expectEnds, expectExplained, readBooks, readPayments, type Wanted } from "./books.ts";
import { type Bank, startBank } from "./stack.ts";

const ACCOUNTS = ["ada", "grace", "linus"];
const PAID_IN = 100_000;
const PAYMENTS = 30;

const wantedOf = (index: number): Wanted => ({
  payment: `p-${index}`,
  payer: ACCOUNTS[index % 3] as string,
  payee: index % 10 === 9 ? "nobody" : (ACCOUNTS[(index + 1) % 3] as string),
  cents: index % 10 === 8 ? 900_000 : 1 + index,
});

kafkaSuite(
  "a bank on a Kafka cluster",
  () => {
    let kafka: Kafka;
    let bank: Bank;
    beforeAll(async () => {
      kafka = await startKafka({ nodes: 1 });
      bank = await startBank("workerd", { KAFKA_BROKERS: kafka.brokers.join(",") });
    });
    afterAll(async () => {
      await bank?.remove();
      await kafka?.remove();
    });

    test("loses no cent when its consumer is killed, with commands that come through a REST server, and a service that reads the events by one", async () => {
      for (const account of ACCOUNTS) {
        await bank.client.request("account.open", { account, owner: account });
        await bank.client.request("account.deposit", { account, cents: PAID_IN });
      }
      const wanted = new Map<string, Wanted>();
      for (let index = 0; index < PAYMENTS; index += 1) {
        const payment = wantedOf(index);
        wanted.set(payment.payment, payment);
        // A second time does no harm, and the answer may be lost with the consumer.
        await until(() =>
          bank.client.request("payment.initiate", payment).then(
            () => true,
            () => false,
          ),
        );
        if (index === PAYMENTS / 2) await bank.stack.crash("consumer");
      }
      await until(async () => {
        const rows = [...(await readPayments(bank.client)).values()];
        return rows.length === PAYMENTS && rows.every(({ isOver }) => isOver);
      });
      expectExplained(await readBooks(bank.client), ACCOUNTS.length * PAID_IN, wanted);
      await expectEnds(bank.client, new Map(ACCOUNTS.map((account) => [account, PAID_IN])), wanted);
      const stages = [...(await readPayments(bank.client)).values()].flatMap(({ journey }) => journey.map(({ stage }) => stage));
      expect(stages).toEqual(expect.arrayContaining(["completed", "refused", "undeliverable", "compensated"]));
    });
  },
  { needs: "clusters" },
);
