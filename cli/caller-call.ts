import { isProblem } from "../protocol/problem.ts";
import { callerHeaders } from "./caller.ts";
import { type Answer, WorkerError } from "./signed-call.ts";
import type { ProcessEnvironment } from "./start/part-environments.ts";

type CallerCallOptions = {
  /** Of the Worker, without a slash at the end. */
  readonly url: string;
  /** Has REJOINDER_TOKEN, if the Worker asks who calls. */
  readonly environment: ProcessEnvironment;
  readonly fetch?: typeof fetch;
};

const CALL_TIMEOUT_MS = 30_000;

/** Calls the Worker as a caller who is known by REJOINDER_TOKEN: with JSON, if there is some to send. It rejects with a WorkerError. */
export const createCallerCall =
  ({ url, environment, fetch = globalThis.fetch }: CallerCallOptions) =>
  async (method: "GET" | "POST", path: string, value?: unknown): Promise<Answer> => {
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(url + path, {
        method,
        headers: { ...callerHeaders(environment), ...(value === undefined ? {} : { "content-type": "application/json" }) },
        ...(value === undefined ? {} : { body: JSON.stringify(value) }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      answer = await response.json();
    } catch (cause) {
      throw new WorkerError(`No Worker answers at ${url}. Start one with rejoinder start, or name another with --url.`, { cause });
    }
    if (response.ok) return { isDone: true, body: answer };
    if (!isProblem(answer)) throw new WorkerError(`Expected ${url} to be a rejoinder Worker, but it answered ${response.status}.`);
    if (answer["retryable"] === true) throw new WorkerError(problemText(answer));
    return { isDone: false, problem: answer };
  };

/** A problem in one line. */
export const problemText = ({ code, detail, title }: { readonly code: string; readonly detail?: string; readonly title: string }): string =>
  `${code}: ${detail ?? title}`;
