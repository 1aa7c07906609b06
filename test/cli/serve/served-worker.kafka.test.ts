import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { produceAll, toBytes } from "../../consumer/kafka-consumer.ts";
import { newRequest } from "../../consumer/requests.ts";
import { startProcess } from "../../helpers/processes.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { deadRequest } from "../dead-letters/letters.ts";

kafkaSuite("a Worker on Node over a cluster", ({ brokers }) => {
  test("lists the dead letters on the cluster, and drops them", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rejoinder-serve-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const running = await startProcess("serve", {
      AUTH: "public",
      CORRELATION_SECRET: `1:${"x".repeat(32)}`,
      REPLY_SECRET: `whsec_${btoa("y".repeat(32))}`,
      KAFKA_BROKERS: brokers.join(","),
      MAILBOX_DATA_DIR: join(directory, "mailbox"),
      PORT: "0",
      EXIT_WITH_PARENT: "1",
    });
    onTestFinished(() => running.stop());
    const url = String(running.ready["url"]);
    const code = `CODE_${crypto.randomUUID()}`;
    await produceAll(brokers, [toBytes({ ...deadRequest(newRequest(), { code }), topic: "requests-dlt" })]);
    const list = async () =>
      (await (await fetch(`${url}/dead-letters?code=${code}`)).json()) as { count: number; letters: { letter: string }[] };
    const { count, letters } = await list();
    expect([count, letters]).toEqual([1, [expect.objectContaining({ operation: "sum", code })]]);
    const dropped = await fetch(`${url}/dead-letters/drop`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ letters: letters.map(({ letter }) => letter) }),
    });
    expect(await dropped.json()).toMatchObject({ results: [{ action: "dropped" }] });
    expect((await list()).count).toBe(0);
  });
});
