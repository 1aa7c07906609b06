import { expect, onTestFinished, test } from "vitest";
import { kafkaLog } from "../../../consumer/events/kafka-log.ts";
import { isNextCommit } from "../../../protocol/commit-fold.ts";
import { type Commit, decodeCommit } from "../../../protocol/commit-record.ts";
import { type RunningProcess, startProcess } from "../../helpers/processes.ts";
import { type Kafka, startKafka } from "../../kafka/broker/start-kafka.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopicAs } from "../../kafka/broker/topics.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { produceAll, toRecords } from "../kafka-consumer.ts";
import { REPLY_SECRET } from "../process.ts";
import { startReplyReceiver } from "../reply-receiver.ts";
import { newRequest } from "../requests.ts";
import { createBankProject } from "./bank-project.ts";
import { temporaryFolder } from "./task-stage.ts";

const PARTITIONS = 4;

/** The commits of all partitions that count, and how many are void. */
const readCommits = async ({ brokers }: Pick<Kafka, "brokers">) => {
  const log = kafkaLog({ connection: connectionTo(brokers) });
  const counted: Commit[] = [];
  let voided = 0;
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const last = new Map<string, string>();
    const { end } = await log.ends({ topic: "account-events", partition });
    for (let offset = 0; offset < end;) {
      const read = await log.read({ topic: "account-events", partition, offset }, { waitMs: 1_000, signal: new AbortController().signal });
      for (const record of read.records) {
        const commit = decodeCommit(record);
        if (isNextCommit(last.get(commit.key) ?? "", commit)) {
          last.set(commit.key, commit.commit);
          counted.push(commit);
        } else voided += 1;
      }
      offset = read.next;
    }
  }
  await log.close();
  return { counted, voided };
};

kafkaSuite(
  "commands on Kafka",
  () => {
    test(
      "a consumer that is stopped, replaced and woken again does no harm: each command has one commit that counts, and the answer in it",
      { timeout: 240_000 },
      async () => {
        const kafka = await startKafka({ nodes: 1 });
        onTestFinished(() => kafka.remove());
        await createTopicAs(kafka.brokers, "account-commands", PARTITIONS);
        await createTopicAs(kafka.brokers, "account-events", PARTITIONS, { "retention.ms": "-1", "retention.bytes": "-1" });
        await createTopicAs(kafka.brokers, "account-commands-dlt", 1);
        const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
        onTestFinished(() => receiver.close());
        const project = createBankProject();
        const start = async (instance: string): Promise<RunningProcess> => {
          const environment = {
            SOURCE: "kafka",
            KAFKA_BROKERS: kafka.brokers.join(","),
            WORKER_URL: receiver.url,
            REPLY_SECRET,
            EXIT_WITH_PARENT: "1",
            CONSUMER_INSTANCE: instance,
            CONSUMER_DATA_DIR: temporaryFolder(),
          };
          const consumer = await startProcess("consumer", environment, { project });
          onTestFinished(() => consumer.stop("SIGKILL"));
          return consumer;
        };
        const sent: ReturnType<typeof newRequest>[] = [];
        const send = async (count: number): Promise<void> => {
          const requests = Array.from({ length: count }, (_, index) => {
            const account = `owner-${index % 25}`;
            const [operation, data] = ["account.credit", { account, cents: 1 }] as const;
            return newRequest({ operation, orderingKey: account, data, deadline: Date.now() + 170_000 });
          });
          sent.push(...requests);
          await produceAll(kafka.brokers, toRecords("account-commands", requests));
        };
        const untilAnswered = (): Promise<void> =>
          receiver.until(() => sent.every(({ correlationId }) => receiver.stored.has(correlationId)));

        const zombie = await start("zombie");
        await send(25);
        await untilAnswered();
        await send(1_000);
        await receiver.until(() => receiver.stored.size >= 100);
        process.kill(zombie.pid, "SIGSTOP");
        await start("successor");
        await untilAnswered();
        // It goes on with what it had in hand.
        process.kill(zombie.pid, "SIGCONT");
        await send(500);
        await untilAnswered();

        const { counted, voided } = await readCommits(kafka);
        expect(counted.map(({ command }) => command).toSorted()).toEqual(sent.map(({ correlationId }) => correlationId).toSorted());
        for (const { command, answer } of counted)
          expect(receiver.stored.get(command)).toMatchObject({ state: "succeeded", data: answer?.reply });
        const balances = counted.map(({ key, answer }) => `${key} ${JSON.stringify(answer?.reply)}`);
        expect(new Set(balances).size, "no balance was answered twice").toBe(sent.length);
        // Void ones are there only because two have worked on one partition.
        expect(voided).toBeLessThan(1_000);
      },
    );
  },
  { needs: "clusters" },
);
