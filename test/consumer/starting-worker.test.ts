import { expect, onTestFinished, test } from "vitest";
import { createCancellations } from "../../consumer/cancellations.ts";
import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { workerSinks } from "../../consumer/sinks/worker.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { freePort } from "../helpers/processes.ts";
import { createRecordedLog } from "./log.ts";
import { HELLO, REPLY_HMAC } from "./process.ts";

/** The sinks of a consumer that is started before its Worker. */
const setUp = async () => {
  const time = createManualTime(Date.now());
  const log = createRecordedLog();
  const url = `http://127.0.0.1:${await freePort()}`;
  const clock = createMailboxClock({ time, log });
  const sinks = workerSinks({
    url,
    hmac: REPLY_HMAC,
    hello: HELLO,
    clock,
    cancellations: createCancellations(),
    log,
    time,
    random: () => 0,
  });
  onTestFinished(() => sinks.close());
  /** What the log says of attempts to open the link that nobody answered. */
  const attempts = () => log.lines.filter(({ reason }) => reason === "ECONNREFUSED");
  return { time, sinks, attempts, warnings: () => attempts().filter(({ level }) => level === "warn") };
};

test("that nobody answers is logged once the Worker has had five seconds to start, and not before", async () => {
  const { time, sinks, attempts, warnings } = await setUp();
  void sinks.open();
  await expect.poll(attempts).toHaveLength(1);
  await time.elapse(4_000);
  expect(warnings()).toEqual([]);
  // No two attempts are further apart.
  await time.elapse(6_000);
  await expect.poll(warnings).toMatchObject([{ msg: "a link to the mailbox is down, and replies go by POST meanwhile" }]);
});

test("a Worker that is starting, whose clock nobody knows yet, is waited for, but no longer than five seconds", async () => {
  const { time, sinks, attempts } = await setUp();
  let isOpen = false;
  const opened = sinks.open().then(() => (isOpen = true));
  await expect.poll(attempts).toHaveLength(1);
  await time.elapse(4_999);
  expect(isOpen).toBe(false);
  await time.elapse(1);
  await opened;
});
