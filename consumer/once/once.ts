import { createHash } from "node:crypto";
import { type ReturnAddress, uuidText } from "../return-address.ts";
import { type Recorded, toJson } from "./recorded.ts";
import type { OnceStore } from "./store.ts";

/** What the function of a step knows about it. */
export type StepContext = {
  /**
   * A UUID, the same whenever this step of this request runs, and no other one. A service that takes an idempotency key does its part once by it,
   * even if the process dies before the result is recorded.
   */
  readonly idempotencyKey: string;
};

/**
 * Does a step of a request once. If its result is recorded, because the request is handled again, that is returned and `fn` does not run.
 *
 * @param step names the step within its request: 1 to 200 characters
 * @param fn does the step. What it returns must be JSON, 1 MiB at most; nothing becomes null. If it throws, nothing is recorded.
 * @returns the result as JSON makes it, also the first time
 * @throws TypeError if one run of a handler asks for a step that it is doing or has done
 */
export type Once<Given extends readonly unknown[] = []> = <Result>(
  step: string,
  fn: (...given: [...Given, StepContext]) => Result | Promise<Result>,
) => Promise<Recorded<Result>>;

type OnceRequest = { readonly correlationId: string; readonly expiresAt: number; readonly returnTo?: ReturnAddress | undefined };

/** `once` for one run of a handler. */
export const createOnce = <Given extends readonly unknown[]>(store: OnceStore<Given>, request: OnceRequest): Once<Given> => {
  const correlationId = keyOf(request);
  const names = new Set<string>();
  return async (name, fn) => {
    checkName(name);
    if (names.has(name))
      throw new TypeError(
        `Expected each step to have a name of its own, got once(${JSON.stringify(name)}) twice. If they are different steps, add what they differ in to the name.`,
      );
    names.add(name);
    try {
      const text = await store.once({ correlationId, name, expiresAt: request.expiresAt }, async (...given) =>
        toJson(await fn(...given, createStepContext(correlationId, name)), name),
      );
      return JSON.parse(text) as never;
    } catch (error) {
      // Nothing is recorded, so the handler may try the step again.
      names.delete(name);
      throw error;
    }
  };
};

/** A database takes neither a zero byte nor half a surrogate pair. */
const NAME = /^[^\p{Cc}\p{Cs}]{1,200}$/u;

const checkName = (name: unknown): void => {
  if (typeof name === "string" && NAME.test(name)) return;
  const got = typeof name === "string" ? JSON.stringify(name.slice(0, 250)) : typeof name;
  throw new TypeError(`Expected the name of a step to be a string of 1 to 200 characters without control characters, got ${got}`);
};

/** Longer correlation IDs of requesters are shortened to a hash: an index takes no keys of any length. */
const MAX_CORRELATION_BYTES = 64;

/** Requesters on Kafka choose their correlation IDs themselves: any bytes, unique where they await the reply. */
const keyOf = ({ correlationId, returnTo }: OnceRequest): string => {
  if (returnTo === undefined) return correlationId;
  const { topic, correlation } = returnTo;
  const bytes = correlation.length > MAX_CORRELATION_BYTES ? createHash("sha256").update(correlation).digest() : Buffer.from(correlation);
  return `${topic}/${bytes.toString("base64url")}`;
};

const createStepContext = (correlationId: string, name: string): StepContext => ({
  // Made when it is first asked for: many steps need none.
  get idempotencyKey() {
    return uuidOf(JSON.stringify([correlationId, name]));
  },
});

/** A UUID by a name: version 8 over SHA-256 (RFC 9562 §5.8, B.2). */
const uuidOf = (name: string): string => {
  const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return uuidText(bytes);
};
