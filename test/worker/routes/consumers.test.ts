import { expect, test } from "vitest";
import type { ConsumersBody } from "../../../worker/routes/consumers.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { HELLO, openLink } from "../support/links.ts";
import { call } from "../support/worker.ts";

const read = async () => (await call("/consumers")).json<ConsumersBody>();

test("the consumers that are linked are listed, with what they handle and since when, until they leave", async () => {
  expect(await read()).toEqual({ consumers: [] });
  const links = await Promise.all([
    openLink({ hello: { ...HELLO, instance: "b", version: "0.2.0", operations: ["sum", "report", "of-another-contract"] } }),
    openLink({ hello: { ...HELLO, instance: "a", operations: ["echo"] } }),
    openLink({ hello: null }),
  ]);
  for (const link of links) {
    link.send("ping");
    await link.next();
  }
  const body = await read();
  const since = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/) as string;
  expect(body).toEqual({
    consumers: [
      { instance: "a", version: "0.1.0", operations: ["echo"], links: [{ shard: 0, openedAt: since }] },
      { instance: "b", version: "0.2.0", operations: ["sum", "report"], links: [{ shard: 0, openedAt: since }] },
    ],
  });
  expect(Date.parse(body.consumers[0]?.links[0]?.openedAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
  for (const link of links) {
    link.close();
    await link.closed;
  }
  while ((await read()).consumers.length > 0);
});

test("how far a consumer is behind is asked over its link, and told", async () => {
  const takes = ["welcome", "lag"];
  const link = await openLink({ hello: { ...HELLO, instance: "behind", takes } });
  await link.nextFrame();
  const older = await openLink({ hello: { ...HELLO, instance: "older" } });
  older.send("ping");
  await older.next();
  const body = read();
  const asked = await link.nextFrame();
  expect(asked).toEqual({ type: "lag", ask: expect.any(Number) as number });
  const lag = [{ topic: "requests", partition: 0, lag: 3 }];
  link.send({ type: "lag", ask: (asked as { ask: number }).ask, partitions: lag });
  const { consumers } = await body;
  expect(consumers.map(({ instance, lag }) => [instance, lag])).toEqual([
    ["behind", lag],
    ["older", undefined],
  ]);
  // What comes too late, or was never asked for, does no harm.
  link.send({ type: "lag", ask: 4_711, partitions: lag });
  link.send("ping");
  expect(await link.next()).toBe("pong");
  for (const one of [link, older]) {
    one.close();
    await one.closed;
  }
  while ((await read()).consumers.length > 0);
});

test("a consumer that does not answer is shown without it, soon", async () => {
  const link = await openLink({ hello: { ...HELLO, instance: "silent", takes: ["lag"] } });
  link.send("ping");
  await link.next();
  expect((await read()).consumers).toEqual([expect.not.objectContaining({ lag: expect.anything() as unknown })]);
  link.close();
  await link.closed;
  while ((await read()).consumers.length > 0);
});

test("who is connected is told only where the console is served", async () => {
  for (const variables of [{ CONSOLE: "off" }, { ENVIRONMENT: "production" }])
    expect((await host.callOther({ variables }, "/consumers")).status).toBe(404);
});
