import { expect, onTestFinished, test } from "vitest";
import { kafkaLog } from "../../../cli/dead-letters/kafka-log.ts";
import { LogError } from "../../../worker/dead-letters/log.ts";
import { restLog } from "../../../worker/dead-letters/rest-log.ts";
import { produceAll } from "../../consumer/kafka-consumer.ts";
import { startGatewayProcess } from "../../helpers/gateway.ts";
import { freePort } from "../../helpers/processes.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic, ownName } from "../../kafka/broker/topics.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { allOf } from "./letters.ts";
import { describeLog, type LogStage } from "./log-contract.ts";

kafkaSuite("dead letters on a cluster", ({ brokers }) => {
  const stageOf = (log: LogStage["log"], topic: string): LogStage => ({
    log,
    topic,
    produce: (partition, values, timestampMs) =>
      produceAll(
        brokers,
        values.map((value) => ({ topic, partition, value: Buffer.from(value), timestampMs })),
      ),
  });

  const openLog = (): LogStage["log"] => {
    const log = kafkaLog(connectionTo(brokers));
    onTestFinished(() => log.close());
    return log;
  };

  describeLog("from a cluster", async () => stageOf(openLog(), await createTopic(brokers, "letters", 2)));

  describeLog("through a gateway on a cluster", async () => {
    const topic = ownName("letters");
    const gateway = await startGatewayProcess({
      GATEWAY_ENGINE: "kafka",
      KAFKA_BROKERS: brokers.join(","),
      GATEWAY_TOPICS: `${topic}:2`,
    });
    onTestFinished(() => gateway.remove());
    return stageOf(restLog(gateway), topic);
  });

  test("are read byte for byte", async () => {
    const log = openLog();
    const topic = await createTopic(brokers, "letters", 1);
    const bytes = Buffer.from([0xc3, 0x28, 0x00]);
    await produceAll(brokers, [{ topic, partition: 0, value: bytes, headers: [[Buffer.from("raw"), bytes]] }]);
    const [record] = await allOf(log.records({ topic, partition: 0, start: 0, end: 1 }));
    expect(record).toMatchObject({ key: null, value: bytes, headers: [{ key: "raw", value: bytes }] });
  });

  test("cannot be read where no broker is, and the reason is named", async () => {
    const log = kafkaLog(connectionTo([`127.0.0.1:${await freePort()}`]));
    onTestFinished(() => log.close());
    await expect(log.ranges(["t"])).rejects.toThrow(LogError);
    await expect(log.ranges(["t"])).rejects.toThrow(/ECONNREFUSED.*check KAFKA_BROKERS/);
  });
});
