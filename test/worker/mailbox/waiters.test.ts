import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_WAIT_SECONDS } from "../../../protocol/limits.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createWaiters } from "../../../worker/mailbox/waiters.ts";
import { PUBLIC_OWNER } from "../../../worker/correlation-id.ts";
import { expire } from "../../../worker/mailbox/rules.ts";

const status = expire(undefined, 0);

describe("waiters", () => {
  test("are all woken by the reply, and leave nothing behind", async () => {
    const time = createManualTime();
    const waiters = createWaiters({ time });
    const waits = [waiters.wait("a", 1_000), waiters.wait("a", 2_000), waiters.wait("b", 1_000)];
    waiters.wake("a", status);
    expect(await Promise.all(waits.slice(0, 2).map(({ ended }) => ended))).toEqual([status, status]);
    expect([waiters.count, time.timers()]).toEqual([1, 1]);
    waiters.wake("b", status);
    expect([waiters.count, time.timers()]).toEqual([0, 0]);
  });

  test("for any change are woken by the first news, and those for the end are not", async () => {
    const waiters = createWaiters({ time: createManualTime() });
    const change = waiters.wait("a", 1_000, "change");
    const end = waiters.wait("a", 1_000);
    const processing = { ...status, state: "processing" as const };
    waiters.wake("a", processing);
    expect([await change.ended, waiters.count]).toEqual([processing, 1]);
    waiters.wake("a", status);
    expect([await end.ended, waiters.count]).toEqual([status, 0]);
  });

  test("end with nothing when the wait is over, and leave nothing behind", async () => {
    const time = createManualTime();
    const waiters = createWaiters({ time });
    const { ended } = waiters.wait("a", 1_000);
    time.advance(1_050);
    expect(await ended).toBeUndefined();
    expect([waiters.count, time.timers()]).toEqual([0, 0]);
    waiters.wake("a", status);
    expect(waiters.count).toBe(0);
  });

  test("never wait longer than the cap, since a client that goes away cancels nothing", () => {
    const time = createManualTime();
    const waiters = createWaiters({ time });
    waiters.wait("a", 3_600_000);
    time.advance(MAX_WAIT_SECONDS * 1_000 - 1);
    expect(waiters.count).toBe(1);
    time.advance(51);
    expect(waiters.count).toBe(0);
  });

  test("end at their time and hardly later, by one timer, however they come and go", async () => {
    const anyWait = fc.record({ afterMs: fc.nat(400), waitMs: fc.integer({ min: 1, max: 3_000 }), wokenAfterMs: fc.option(fc.nat(3_000)) });
    await fc.assert(
      fc.asyncProperty(fc.array(anyWait, { maxLength: 30 }), async (waits) => {
        const time = createManualTime();
        const waiters = createWaiters({ time });
        const own = createManualTime(time.now());
        const late: number[] = [];
        for (const [index, { afterMs, waitMs, wokenAfterMs }] of waits.entries()) {
          for (let ms = 0; ms < afterMs; ms++) await pass();
          const began = time.now();
          void waiters.wait(String(index), waitMs).ended.then((woken) => woken ?? late.push(time.now() - began - waitMs));
          if (wokenAfterMs !== null) own.setTimeout(() => waiters.wake(String(index), status), wokenAfterMs);
        }
        async function pass() {
          own.advance(1);
          time.advance(1);
          expect(time.timers()).toBe(waiters.count === 0 ? 0 : 1);
          await Promise.resolve();
        }
        while (waiters.count > 0) await pass();
        for (const ms of late) expect(ms).toSatisfy((by: number) => by >= 0 && by < 52);
      }),
      { numRuns: 20 },
    );
  });

  test("end even if the clock is set back meanwhile", async () => {
    const clock = { behindMs: 0 };
    const time = createManualTime();
    const waiters = createWaiters({ time: { ...time, now: () => time.now() - clock.behindMs } });
    const waits = [waiters.wait("a", 1_000), waiters.wait("b", 20_000)];
    clock.behindMs = 3_600_000;
    waits.push(waiters.wait("c", 5_000));
    time.advance(25_100);
    expect(await Promise.all(waits.map(({ ended }) => ended))).toEqual([undefined, undefined, undefined]);
    expect([waiters.count, time.timers()]).toEqual([0, 0]);
  });

  test("are bounded in number", () => {
    const waiters = createWaiters({ time: createManualTime(), maxWaiters: 10 });
    const known = ["a", "b", "c", "d", "e"];
    const waits = known.flatMap((name) => [1, 2].map(() => waiters.wait("id", 1_000, "end", name)));
    expect(waiters.hasRoom("f")).toBe(false);
    waits[0]?.cancel();
    waits[0]?.cancel();
    expect([waiters.hasRoom("f"), waiters.count]).toEqual([true, 9]);
  });

  test("of one caller take no more than a fifth of the room, and leave it when they end", () => {
    const waiters = createWaiters({ time: createManualTime(), maxWaiters: 10 });
    const first = waiters.wait("id", 1_000, "end", "a");
    waiters.wait("id", 1_000, "end", "a");
    expect([waiters.hasRoom("a"), waiters.hasRoom("b"), waiters.hasRoom()]).toEqual([false, true, true]);
    first.cancel();
    expect(waiters.hasRoom("a")).toBe(true);
  });

  test("of one address take no more than a fifth, and those of all anonymous callers leave room for callers who are known", () => {
    const waiters = createWaiters({ time: createManualTime(), maxWaiters: 10 });
    const from = (address: string) => `${PUBLIC_OWNER} ${address}`;
    for (const address of ["192.0.2.1", "192.0.2.1"]) waiters.wait("id", 1_000, "end", from(address));
    expect([waiters.hasRoom(from("192.0.2.1")), waiters.hasRoom(from("192.0.2.2"))]).toEqual([false, true]);
    // Whose address nobody knows is not bounded alone.
    for (let left = 6; left > 0; left--) waiters.wait("id", 1_000);
    expect([waiters.hasRoom(), waiters.hasRoom(from("192.0.2.2")), waiters.hasRoom("a")]).toEqual([false, false, true]);
    waiters.end();
    expect([waiters.hasRoom(), waiters.hasRoom(from("192.0.2.1"))]).toEqual([true, true]);
  });
});
