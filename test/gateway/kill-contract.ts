import { expect, test } from "vitest";
import type { GatewayProcess } from "../helpers/gateway.ts";

export type Killable = {
  readonly gateway: GatewayProcess;
  /** Of two partitions, and empty. */
  readonly topic: string;
  readonly group: string;
};

/** What groups can count on when their gateway is killed, on every engine. @param start a gateway that ends with the test */
export const describeKill = (start: () => Promise<Killable>): void => {
  const call = async ({ gateway }: Killable, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(gateway.url + path, {
      method: "POST",
      headers: {
        authorization: `Basic ${btoa(`${gateway.username}:${gateway.password}`)}`,
        "kafka-auto-offset-reset": "latest",
        "kafka-enable-auto-commit": "true",
        // Long enough to play no part.
        "kafka-auto-commit-interval": "86400000",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
    return response.json();
  };
  const produce = (to: Killable, partition: number, value: string) => call(to, `/produce/${to.topic}`, { partition, value });
  const consume = (from: Killable, instance: string, timeout = 1000) =>
    call(from, `/consume/${from.group}/${instance}/${from.topic}?timeout=${timeout}`);

  test("a group that begins at the end gets what came after its gateway was killed, also before its first record", async () => {
    const killable = await start();
    await produce(killable, 1, "before the group");
    expect(await consume(killable, "one", 0)).toEqual([]);
    await killable.gateway.restart("SIGKILL");
    await produce(killable, 0, "meanwhile");
    await produce(killable, 1, "meanwhile too");
    const received = [...((await consume(killable, "one")) as unknown[]), ...((await consume(killable, "one", 200)) as unknown[])];
    expect(received.map((record) => (record as { value: string }).value).sort()).toEqual(["meanwhile", "meanwhile too"]);
  });
};
