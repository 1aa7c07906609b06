import type { ProduceFailure } from "../producer.ts";

/** What a proxy answered; the body is undefined if it is no JSON. */
export type ProxyResponse = { readonly status: number; readonly body: unknown };

/** A member of an answer's body, whatever the body is. */
export const memberOf = (body: unknown, name: string): unknown => (body as Record<string, unknown> | null | undefined)?.[name];

/** What the proxy says went wrong, or undefined if it says nothing in a form that proxies use. */
export const errorTextOf = (body: unknown): string | undefined => {
  const text = memberOf(body, "error") ?? memberOf(body, "message");
  return typeof text === "string" ? text.slice(0, 200) : undefined;
};

/** The HTTP status in an error code: proxies write 404 or, finer, 40401. */
export const statusInCode = (code: number): number => (code >= 10_000 ? Math.floor(code / 100) : code);

/** What a 4xx or 5xx says of one record that it is about. Only what was refused before Kafka had it is not `unknown`. */
export const failureOfStatus = (status: number): ProduceFailure => {
  if (status === 429) return "unavailable";
  return status >= 400 && status < 500 && status !== 408 ? "rejected" : "unknown";
};

/** The answer's status, or the one in its body where a proxy has sent 200 before it knew better. */
export const statusOf = ({ status, body }: ProxyResponse): number => {
  const code = memberOf(body, "error_code");
  return status < 300 && Number.isInteger(code) ? statusInCode(code as number) : status;
};

/** What an answer means for records of which it says nothing. */
export const failureOf = (answer: ProxyResponse): ProduceFailure => {
  const status = statusOf(answer);
  // A proxy's own 503 comes before it takes anything; that of a balancer may come after it lost the proxy.
  if (status === 503 && errorTextOf(answer.body) !== undefined) return "unavailable";
  return status >= 300 && status < 400 ? "rejected" : failureOfStatus(status);
};

/** In words, for whoever called. Never more of the body than its error. */
export const describeResponse = (answer: ProxyResponse): string => {
  const status = statusOf(answer);
  if (status < 300) return `The Kafka REST proxy answered ${status} without saying where the record was stored.`;
  const text = errorTextOf(answer.body);
  return `The Kafka REST proxy answered ${status}${text === undefined ? "." : `: ${text}`}`;
};
