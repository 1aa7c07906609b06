import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Time } from "../../../../environment/time.ts";
import { createAlarm } from "../../../../worker/hosts/node/alarm.ts";
import { SWEEP_MS } from "../../../../worker/mailbox/sweep.ts";
import { createManualTime } from "../../../helpers/manual-time.ts";
import { handshakeHeaders, HELLO } from "../../support/links.ts";
import { metricOf, openHost, postSum } from "./open-host.ts";

const HOUR = 3_600_000;

/** Timers that the test drives, and a clock beside them that can be set. */
const createSettableClock = () => {
  const time = createManualTime(Date.now());
  let offset = 0;
  return {
    time: { ...time, now: () => time.now() + offset } satisfies Time,
    advance: time.advance,
    set: (ms: number) => void (offset += ms),
  };
};

const JUMPS = [
  ["ahead", HOUR],
  ["back", -HOUR],
] as const;

test.each(JUMPS)("an alarm rings in time when the clock is set %s by an hour", async (_, jump) => {
  const { time, advance, set } = createSettableClock();
  let rings = 0;
  const alarm = createAlarm({ ring: async () => void rings++, time });
  await alarm.set(time.now() + SWEEP_MS);
  set(jump);
  advance(SWEEP_MS - 1);
  expect(rings).toBe(0);
  advance(1);
  expect(rings).toBe(1);
  expect(await alarm.get()).toBeNull();
});

test("an alarm for a time that is an hour off since the clock was set meanwhile rings within one round", async () => {
  const { time, advance } = createSettableClock();
  let rings = 0;
  const alarm = createAlarm({ ring: async () => void rings++, time });
  await alarm.set(time.now() + HOUR);
  advance(SWEEP_MS);
  await alarm.set(time.now() - HOUR);
  advance(0);
  expect(rings).toBe(2);
});

test.each(JUMPS)("who waits is answered when the clock is set %s by an hour", async (_, jump) => {
  const { time, advance, set } = createSettableClock();
  const host = await openHost({ time, variables: { METRICS_PORT: "0" } });
  const waiting = postSum(host.url, { prefer: "wait=5" });
  while ((await metricOf(host, "waits")) === 0);
  set(jump);
  advance(5_100);
  expect((await waiting).status).toBe(202);
});

test.each(JUMPS)("a link stays when the clock is set %s by an hour, and is cut when its consumer answers no pings", async (_, jump) => {
  const { time, advance, set } = createSettableClock();
  const host = await openHost({ time });
  const open = async (autoPong: boolean): Promise<WebSocket> => {
    const socket = new WebSocket(`${host.url}/link/0`, { headers: await handshakeHeaders(), autoPong });
    await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
    return socket;
  };
  const [silent, lively] = [await open(false), await open(true)];
  lively.send(JSON.stringify(HELLO));
  const pinged = (): Promise<unknown> => new Promise((resolve) => lively.once("ping", resolve));
  const gone = new Promise((resolve) => silent.once("close", resolve));
  set(jump);
  for (let round = 0; round < 3; round++) {
    const ping = pinged();
    advance(20_000);
    await ping;
    // Its pong has arrived before what is sent after it is answered.
    const pong = new Promise((resolve) => lively.once("message", (data) => resolve(String(data))));
    lively.send("ping");
    expect(await pong).toBe("pong");
  }
  expect(await gone).toBe(1_006);
});
