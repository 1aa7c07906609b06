import { expect, test } from "vitest";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { ownName } from "../../kafka/broker/topics.ts";
import { expectCancelled } from "./cancelled.ts";
import { expectAllEnd, killConsumerAgainAndAgain, REQUESTS, untilSomeEmit } from "./ended.ts";
import { keepAwayForMinute, type Stage, startStage } from "./stage.ts";

const SLOW = { retry: 0, timeout: 240_000 };

kafkaSuite("on Kafka", ({ brokers }) => {
  const start = (): Promise<Stage> => {
    const topic = ownName("life");
    return startStage({ host: "node", topic, environment: { KAFKA_BROKERS: brokers.join(","), CONSUMER_GROUP: topic } });
  };

  test(`${REQUESTS} requests that are cancelled at every moment of their lives end as their handlers do`, SLOW, async () => {
    await expectCancelled(await start(), "worker");
  });

  test(`kill -9 of what keeps the statuses, among ${REQUESTS} requests while chunks are emitted`, SLOW, async () => {
    const stage = await start();
    const inTheMiddle = async (): Promise<void> => {
      await untilSomeEmit(stage);
      await stage.stack.crash("worker");
    };
    await expectAllEnd({ stage, inTheMiddle, hasDied: false });
  });

  test(`kill -9 of the consumer again and again, among ${REQUESTS} requests`, SLOW, async () => {
    const stage = await start();
    await expectAllEnd({ stage, inTheMiddle: () => killConsumerAgainAndAgain(stage), hasDied: true });
  });

  test(`a Worker that is away for a minute, among ${REQUESTS} requests`, SLOW, async () => {
    const stage = await start();
    await expectAllEnd({ stage, inTheMiddle: () => keepAwayForMinute(stage), hasDied: false });
    expect(stage.stack.output()).toContain("a link to the mailbox is down");
  });
});
