import { createMailboxClock } from "../consumer/mailbox-clock.ts";
import { createSha256Hmac, createWorkerSignature } from "../consumer/sinks/worker-signature.ts";
import { reasonOf } from "../consumer/sources/retry.ts";
import { systemTime, type Time } from "../environment/time.ts";
import { isProblem, type Problem } from "../protocol/problem.ts";
import { ExpectedError } from "./expected-error.ts";

/** The Worker cannot be used now, or not with these variables. The message says what to do. */
export class WorkerError extends ExpectedError {
  override readonly name = "WorkerError";
}

export type SignedCallOptions = {
  /** Of the Worker, without a slash at the end. */
  readonly url: string;
  /** The key bytes of REPLY_SECRET. */
  readonly key: Uint8Array;
  readonly fetch?: typeof fetch;
  readonly time?: Time;
};

/** What the Worker answered. */
export type Answer =
  | { readonly isDone: true; readonly body: unknown }
  /** It was not done, and is not done by the same call later. */
  | { readonly isDone: false; readonly problem: Problem };

/** Longer than the Worker tries to produce. */
const CALL_TIMEOUT_MS = 30_000;

/** Calls the Worker as its operator: posts JSON to a path, signed like a delivery of replies. It rejects with a WorkerError. */
export const createSignedCall = ({ url, key, fetch = globalThis.fetch, time = systemTime }: SignedCallOptions) => {
  // That clocks differ is no news to whoever calls a command.
  const clock = createMailboxClock({ time, log: { warn() {} } });
  const signature = createWorkerSignature({ hmac: createSha256Hmac(key), clock });

  const post = async (path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> => {
    const headers = { "content-type": "application/json", ...(await signature.sign({ body })) };
    try {
      return await fetch(url + path, { method: "POST", headers, body, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    } catch (error) {
      throw new WorkerError(
        `No Worker answers at ${url} (${reasonOf(error)}). Start one with rejoinder start, or name another with --url.`,
        {
          cause: error,
        },
      );
    }
  };

  return async (path: string, value: unknown): Promise<Answer> => {
    const body = new TextEncoder().encode(JSON.stringify(value));
    const sentAt = time.now();
    let response = await post(path, body);
    if (response.status === 401) {
      await response.arrayBuffer();
      // Perhaps only the clocks differ.
      clock.dated(response.headers.get("date") ?? undefined, sentAt, "refused");
      response = await post(path, body);
      if (response.status === 401)
        throw new WorkerError(`${url}${path} refused the signature: REPLY_SECRET differs from the Worker's. Set it to the Worker's own.`);
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return { isDone: true, body: answer };
    if (!isProblem(answer)) throw new WorkerError(`Expected ${url} to be a rejoinder Worker, but ${path} answered ${response.status}.`);
    if (answer["retryable"] === true) throw new WorkerError(`${answer.code}: ${answer.detail ?? answer.title}`);
    return { isDone: false, problem: answer };
  };
};
