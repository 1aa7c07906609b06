import { expect, test } from "vitest";
import { createWorkerSignature } from "../../consumer/sinks/worker-signature.ts";
import { createManualTime } from "../helpers/manual-time.ts";

test("a secret that differs is told in the same words whenever within a second it is refused, so that it is logged once", () => {
  const time = createManualTime();
  const signature = createWorkerSignature({ hmac: (content) => content, time });
  const date = new Date(time.now()).toUTCString();
  const reasons = [signature.refused(date)];
  time.advance(999);
  reasons.push(signature.refused(date), signature.refused(undefined));
  expect(reasons[0]).toContain("REPLY_SECRET differs from the Worker's");
  expect(new Set(reasons).size).toBe(1);
});
