import { expect, test } from "vitest";
import { HELLO, openLink } from "../support/links.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { call, createId } from "../support/worker.ts";

const TAKING = { ...HELLO, takes: ["welcome", "cancel"] };
const cancel = (id: string) => call(`/status/${id}`, { method: "DELETE" });

test("a consumer is told the time and the number of shards, and what is to be cancelled, when it comes and from then on", async () => {
  const [ended, before, after] = [await createId(), await createId(), await createId()];
  await cancel(ended.text);
  await deliver([replyTo(ended.text, { state: "cancelled", data: undefined })]);
  await cancel(before.text);
  const began = Date.now();
  const links = await Promise.all([openLink({ hello: TAKING }), openLink({ hello: TAKING })]);
  for (const link of links) {
    const welcome = await link.nextFrame();
    expect(welcome).toEqual({ type: "welcome", time: expect.any(Number) as number, shards: 1 });
    expect((welcome as { time: number }).time).toBeGreaterThanOrEqual(began);
    expect(await link.nextFrame()).toEqual({ type: "cancel", correlationIds: [before.text] });
  }
  await cancel(after.text);
  for (const link of links) {
    expect(await link.nextFrame()).toEqual({ type: "cancel", correlationIds: [after.text] });
    link.close();
  }
});

test("a consumer of a version that reads no such frames gets none", async () => {
  const { text } = await createId();
  await cancel(text);
  const link = await openLink();
  await cancel((await createId()).text);
  link.send("ping");
  expect(await link.next()).toBe("pong");
  link.close();
});
