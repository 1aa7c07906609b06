import { testEnv } from "./worker.ts";

type Found = { readonly headers: ReadonlyMap<string, string>; readonly value: string };
type Record = { value: string; headers: { key: string; value: string }[] };

/** A W3C trace context of its own, by which a test finds its request again. */
export const createTraceparent = (): string => {
  const hex = (bytes: number) =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `00-${hex(16)}-${hex(8)}-01`;
};

/** The headers of the request with that trace context, read from Kafka as the consumer would. */
export const headersOf = (traceparent: string): Promise<ReadonlyMap<string, string>> =>
  find("ce_traceparent", traceparent).then(({ headers }) => headers);

/** The value of the request with that trace context: what the consumer parses. */
export const valueOf = (traceparent: string): Promise<string> => find("ce_traceparent", traceparent).then(({ value }) => value);

/** The headers of the request with that correlation ID. */
export const headersOfCorrelationId = (correlationId: string): Promise<ReadonlyMap<string, string>> =>
  find("ce_correlationid", correlationId).then(({ headers }) => headers);

const find = async (name: string, value: string): Promise<Found> => {
  const { UPSTASH_KAFKA_REST_URL: url, UPSTASH_KAFKA_REST_USERNAME: user, UPSTASH_KAFKA_REST_PASSWORD: password } = testEnv;
  const headers = { authorization: `Basic ${btoa(`${user}:${password}`)}`, "Kafka-Auto-Offset-Reset": "earliest" };
  const group = crypto.randomUUID();
  for (;;) {
    const body = JSON.stringify({ topic: "requests", timeout: 10_000 });
    const response = await fetch(`${url}/consume/${group}/1`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(await response.text());
    for (const record of await response.json<Record[]>()) {
      const headers = new Map(record.headers.map(({ key, value }) => [key, value]));
      if (headers.get(name) === value) return { headers, value: record.value };
    }
  }
};

/** The correlation ID of the request with that trace context. */
export const correlationIdOf = async (traceparent: string): Promise<string> =>
  (await headersOf(traceparent)).get("ce_correlationid") as string;
