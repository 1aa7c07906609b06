import type { ProduceFailure } from "../producer.ts";

/** What a proxy answered; the body is undefined if it is no JSON. */
export type ProxyResponse = { readonly status: number; readonly body: unknown };

/** A member of a response's body, whatever the body is. */
export const memberOf = (body: unknown, name: string): unknown => (body as Record<string, unknown> | null | undefined)?.[name];

/** What the proxy says went wrong, or undefined if it says nothing in a form that proxies use. */
export const errorTextOf = (body: unknown): string | undefined => {
  const text = memberOf(body, "error") ?? memberOf(body, "message");
  return typeof text === "string" ? text.slice(0, 200) : undefined;
};

/** The HTTP status in an error code: proxies write 404 or, finer, 40401. */
export const statusInCode = (code: number): number => (code >= 10_000 ? Math.floor(code / 100) : code);

/** What a 4xx or 5xx for one record means. Only a refusal before Kafka had the record is not `unknown`. */
export const failureOfStatus = (status: number): ProduceFailure => {
  if (status === 429) return "unavailable";
  return status >= 400 && status < 500 && status !== 408 ? "rejected" : "unknown";
};

/** The response's status, or the one in its body where a proxy had sent 200 before it failed. */
export const statusOf = ({ status, body }: ProxyResponse): number => {
  const code = memberOf(body, "error_code");
  return status < 300 && Number.isInteger(code) ? statusInCode(code as number) : status;
};

/** What a response means for the records that it does not mention. */
export const failureOf = (response: ProxyResponse): ProduceFailure => {
  const status = statusOf(response);
  // A proxy's own 503 comes before it takes anything; a balancer's may come after it lost the proxy.
  if (status === 503 && errorTextOf(response.body) !== undefined) return "unavailable";
  return status >= 300 && status < 400 ? "rejected" : failureOfStatus(status);
};

/** The response in words, for the caller. It shows no more of the body than its error. */
export const describeResponse = (response: ProxyResponse): string => {
  const status = statusOf(response);
  if (status < 300) return `The Kafka REST proxy answered ${status} without saying where the record was stored.`;
  const text = errorTextOf(response.body);
  return `The Kafka REST proxy answered ${status}${text === undefined ? "." : `: ${text}`}`;
};
