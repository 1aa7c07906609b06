import type { StatusBody } from "../../protocol/status.ts";
import { type Redrive, readRefusal } from "../../worker/dead-letters/redrive-letter.ts";
import { createSignedCall, type SignedCallOptions } from "../signed-call.ts";

/** Redrives by `POST /redrives`. It rejects with a WorkerError. */
export const createRedrive = (options: SignedCallOptions): Redrive => {
  const call = createSignedCall(options);

  return async ({ correlationId, operation, data, traceparent, expectedVersion, authtype, authid, authclaims, authsignature }) => {
    const caller = { authtype, authid, authclaims, authsignature };
    const answer = await call("/redrives", { correlationId, operation, data, traceparent, expectedVersion, ...caller });
    if (answer.isDone) return { outcome: "redriven", correlationId: (answer.body as StatusBody).correlationId, before: false };
    return readRefusal(answer.problem, correlationId) ?? { outcome: "refused", problem: answer.problem };
  };
};
