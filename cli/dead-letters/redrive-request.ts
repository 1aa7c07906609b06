import type { Problem } from "../../protocol/problem.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import type { StatusBody } from "../../protocol/status.ts";
import { createSignedCall, type SignedCallOptions } from "../signed-call.ts";

/** What the Worker made of a request that was to be sent again. */
export type Redriven =
  /** Sent, now or before, under this ID: its own, or a new one because its deadline had passed. */
  | { readonly outcome: "redriven"; readonly correlationId: string; readonly before: boolean }
  | { readonly outcome: "refused"; readonly problem: Problem };

/** Has the Worker send a request again. @throws WorkerError */
export type Redrive = (request: RequestEvent) => Promise<Redriven>;

/** Redrives by `POST /redrives`. */
export const createRedrive = (options: SignedCallOptions): Redrive => {
  const call = createSignedCall(options);

  return async ({ correlationId, operation, data, traceparent, authtype, authid, authclaims, authsignature }) => {
    const caller = { authtype, authid, authclaims, authsignature };
    const answer = await call("/redrives", { correlationId, operation, data, traceparent, ...caller });
    if (answer.isDone) return { outcome: "redriven", correlationId: (answer.body as StatusBody).correlationId, before: false };
    const { problem } = answer;
    const { code, redrivenAs, state } = problem;
    if (code === "ALREADY_REDRIVEN" && typeof redrivenAs === "string")
      return { outcome: "redriven", correlationId: redrivenAs, before: true };
    // It has died, and yet it has succeeded.
    if (code === "ALREADY_ENDED" && state === "succeeded") return { outcome: "redriven", correlationId, before: true };
    return { outcome: "refused", problem };
  };
};
