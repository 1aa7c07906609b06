import { expect, test } from "vitest";
import { produceAll, toBytes } from "../../consumer/kafka-consumer.ts";
import { newRequest } from "../../consumer/requests.ts";
import { freePort } from "../../helpers/processes.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopicAs, ownName } from "../../kafka/broker/topics.ts";
import { callCommand, type Called } from "../run-command.ts";
import { deadRequest } from "./letters.ts";

kafkaSuite("dead letters on a cluster, by the command", ({ brokers }) => {
  test("are listed, shown byte for byte, and dropped, with the variables of a consumer and without a project", async () => {
    const topic = ownName("requests");
    await createTopicAs(brokers, `${topic}-dlt`, 2);
    const request = newRequest();
    await produceAll(brokers, [
      toBytes({ ...deadRequest(request), topic: `${topic}-dlt`, partition: 1 }),
      { topic: `${topic}-dlt`, partition: 0, value: Buffer.from([0xc3, 0x28]) },
    ]);
    const variables = { SOURCE: "kafka", KAFKA_BROKERS: brokers.join(",") };
    const call = (...args: readonly string[]): Promise<Called> => callCommand(["dead-letters", ...args], { variables, cwd: "/" });

    const listed = await call("list", "--topic", topic, "--json");
    expect(listed.code).toBe(0);
    expect(listed.stdout.split("\n", 2).map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { letter: `${topic}-dlt/0/0`, obstacle: expect.stringContaining("It is no request that can be read") },
      { letter: `${topic}-dlt/1/0`, operation: "sum", code: "HANDLER_FAILED", correlationId: request.correlationId },
    ]);
    expect(await call("show", `${topic}-dlt/0/0`)).toMatchObject({ code: 0, stdout: expect.stringMatching(/payload\n0xc328\n$/) });
    expect(await call("drop", "--topic", topic, "--yes")).toMatchObject({ code: 0, stderr: "2 dead letters dropped\n" });
    expect(await call("list", "--topic", topic)).toMatchObject({ code: 0, stdout: "" });
    expect(await call("list")).toMatchObject({ code: 2, stderr: expect.stringContaining("Expected --topic") });
  });

  test("cannot be listed where no broker is: it says so, and ends with 4", async () => {
    const variables = { SOURCE: "kafka", KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
    const { code, stderr } = await callCommand(["dead-letters", "list", "--topic", "t"], { variables, cwd: "/" });
    expect([code, stderr]).toEqual([4, expect.stringMatching(/^Kafka is not available: no connection to .*check KAFKA_BROKERS/)]);
  });
});
