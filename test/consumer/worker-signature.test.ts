import { expect, test } from "vitest";
import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { createWorkerSignature } from "../../consumer/sinks/worker-signature.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { createRecordedLog } from "./log.ts";

const setUp = () => {
  const time = createManualTime();
  const clock = createMailboxClock({ time, log: createRecordedLog() });
  return { time, clock, signature: createWorkerSignature({ hmac: (content) => content, clock }) };
};

const body = new Uint8Array();
const toDate = (milliseconds: number): string => new Date(milliseconds).toUTCString();

test("a secret that differs is told in the same words whenever within a second it is refused, so that it is logged once", async () => {
  const { time, signature } = setUp();
  const headers = await signature.sign({ body });
  const date = toDate(time.now());
  const reasons = [signature.refused(headers, date)];
  time.advance(999);
  reasons.push(signature.refused(headers, date), signature.refused(headers, undefined));
  expect(reasons[0]).toContain("REPLY_SECRET differs from the Worker's");
  expect(new Set(reasons).size).toBe(1);
});

test.each([-600, 600])("a Worker whose clock is %i s from ours gets its own time after the first refusal", async (seconds) => {
  const { time, clock, signature } = setUp();
  const early = await Promise.all([signature.sign({ body }), signature.sign({ body })]);
  const date = toDate(time.now() + seconds * 1_000);
  clock.dated(date, time.now(), "refused");
  // Both were signed before that was known.
  for (const headers of early) expect(signature.refused(headers, date)).toContain("its clock differs from ours");
  const later = await signature.sign({ body });
  expect(Math.abs(Number(later["webhook-timestamp"]) * 1_000 - Date.parse(date))).toBeLessThanOrEqual(1_000);
  expect(signature.refused(later, date)).toContain("REPLY_SECRET differs");
});
