import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { createSha256Hmac, createWorkerSignature } from "../../consumer/sinks/worker-signature.ts";
import { reasonOf } from "../../consumer/sources/retry.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { isProblem } from "../../protocol/problem.ts";
import type { StatusBody } from "../../protocol/status.ts";
import { type Redrive, readRefusal } from "../../worker/dead-letters/redrive-letter.ts";
import { ExpectedError } from "../expected-error.ts";

/** The Worker cannot be used now, or not with these variables. The message says what to do. */
export class WorkerError extends ExpectedError {
  override readonly name = "WorkerError";
}

type RedriveOptions = {
  /** Of the Worker, without a slash at the end. */
  readonly url: string;
  /** The key bytes of REPLY_SECRET. */
  readonly key: Uint8Array;
  readonly fetch?: typeof fetch;
  readonly time?: Time;
};

/** Longer than the Worker tries to produce. */
const CALL_TIMEOUT_MS = 30_000;

/** Redrives by `POST /redrives`, signed like a delivery of replies. It rejects with a WorkerError. */
export const createRedrive = ({ url, key, fetch = globalThis.fetch, time = systemTime }: RedriveOptions): Redrive => {
  // That clocks differ is no news to whoever calls a command.
  const clock = createMailboxClock({ time, log: { warn() {} } });
  const signature = createWorkerSignature({ hmac: createSha256Hmac(key), clock });

  const post = async (body: Uint8Array<ArrayBuffer>): Promise<Response> => {
    const headers = { "content-type": "application/json", ...(await signature.sign({ body })) };
    try {
      return await fetch(`${url}/redrives`, { method: "POST", headers, body, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    } catch (error) {
      throw new WorkerError(
        `No Worker answers at ${url} (${reasonOf(error)}). Start one with rejoinder start, or name another with --url.`,
        {
          cause: error,
        },
      );
    }
  };

  return async ({ correlationId, operation, data, traceparent }) => {
    const body = new TextEncoder().encode(JSON.stringify({ correlationId, operation, data, traceparent }));
    const sentAt = time.now();
    let response = await post(body);
    if (response.status === 401) {
      await response.arrayBuffer();
      // Perhaps only the clocks differ.
      clock.dated(response.headers.get("date") ?? undefined, sentAt, "refused");
      response = await post(body);
      if (response.status === 401)
        throw new WorkerError(`${url}/redrives refused the signature: REPLY_SECRET differs from the Worker's. Set it to the Worker's own.`);
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.status === 202) return { outcome: "redriven", correlationId: (answer as StatusBody).correlationId, before: false };
    if (!isProblem(answer)) throw new WorkerError(`Expected ${url} to be a rejoinder Worker, but /redrives answered ${response.status}.`);
    const refusal = readRefusal(answer, correlationId);
    if (refusal === undefined) throw new WorkerError(`${answer.code}: ${answer.detail ?? answer.title}`);
    return refusal;
  };
};
