import { expect, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";
import { freePort } from "../helpers/processes.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { ownName } from "../kafka/broker/topics.ts";
import { describeKill } from "./kill-contract.ts";

kafkaSuite("a gateway process on Kafka", ({ brokers }) => {
  const start = async (environment: Record<string, string>): Promise<GatewayProcess> => {
    const gateway = await startGatewayProcess({ GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: brokers.join(","), ...environment });
    onTestFinished(() => gateway.remove());
    return gateway;
  };

  const call = async ({ url, username, password }: GatewayProcess, path: string, body?: unknown) => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: {
        authorization: `Basic ${btoa(`${username}:${password}`)}`,
        "kafka-auto-offset-reset": "earliest",
        "kafka-enable-auto-commit": "false",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  };

  test("that is killed starts again, and its instances go on at once at what was committed", async () => {
    const topic = ownName("killed");
    const group = ownName("group");
    const gateway = await start({ GATEWAY_TOPICS: `${topic}:2` });
    await call(
      gateway,
      "/produce",
      ["a", "b"].map((value) => ({ topic, partition: 1, value })),
    );
    const consume = () => call(gateway, `/consume/${group}/one/${topic}?timeout=1000`);
    expect(await consume()).toMatchObject({ status: 200, body: [{ value: "a" }, { value: "b" }] });
    expect(await call(gateway, `/commit/${group}/one`, { topic, partition: 1, offset: 1 })).toMatchObject({ status: 200 });
    await gateway.restart("SIGKILL");
    expect(await consume()).toMatchObject({ status: 200, body: [{ value: "b" }] });
    expect(await call(gateway, `/committed/${group}/one`, { topic, partition: 1 })).toMatchObject({ body: [{ offset: 1 }] });
  });

  describeKill(async () => {
    const topic = ownName("killed-at-the-end");
    return { gateway: await start({ GATEWAY_TOPICS: `${topic}:2` }), topic, group: ownName("group") };
  });

  test("refuses what it should with the same errors as on its own log", async () => {
    const topic = ownName("refused");
    const gateway = await start({ GATEWAY_TOPICS: `${topic}:2` });
    expect(
      await call(gateway, "/produce", [
        { topic, value: "v" },
        { topic, partition: 2, value: "v" },
      ]),
    ).toMatchObject({
      status: 400,
      body: { status: 400, results: [{ index: 1, error: expect.stringMatching(/from 0 to 1/) }] },
    });
    expect(await call(gateway, "/produce", { topic: ownName("nowhere"), value: "v" })).toMatchObject({ status: 404 });
    expect(await call(gateway, "/commit/nobody/one", { topic, partition: 0, offset: 0 })).toMatchObject({ status: 404 });
    expect(await call(gateway, "/offsets/latest", { topic, partition: 0 })).toEqual({
      status: 200,
      body: [{ topic, partition: 0, offset: 0 }],
    });
  });

  test("does not start where there is no broker, and says what to look at", async () => {
    const port = await freePort();
    const starting = start({ KAFKA_BROKERS: `127.0.0.1:${port}` });
    await expect(starting).rejects.toThrow(
      `Kafka is not available: no connection to 127.0.0.1:${port} (ECONNREFUSED); check KAFKA_BROKERS.`,
    );
  });
});
