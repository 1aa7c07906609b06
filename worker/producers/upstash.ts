import { toBase64 } from "../../protocol/base64.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import type { ProduceOutcome, Producer } from "../producer.ts";

export type UpstashProducerOptions = {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
};

type Answer = { readonly status: number; readonly body: unknown };

/** Whatever refuses one request for good, and each record of it. */
const REFUSES_THE_CALLER = new Set([401, 403, 405, 407]);
/** Answers that a server gives before it takes anything. */
const NOTHING_STORED = new Set([429, 503]);

/** Produces over the Upstash Kafka REST wire: `POST /produce` with an array, one call a batch, bounded by a deadline. */
export const upstashProducer = ({
  url,
  username,
  password,
  fetch = (...args) => globalThis.fetch(...args),
  now = Date.now,
}: UpstashProducerOptions): Producer => {
  const authorization = `Basic ${toBase64(new TextEncoder().encode(`${username}:${password}`))}`;

  /** A call was lost, so the proxy may be away: the next one first asks, so that at least its own outcome is certain. */
  let isSuspect = false;

  const isAway = async (deadline: number): Promise<boolean> => {
    const signal = AbortSignal.timeout(Math.max(1, deadline - now()));
    try {
      const response = await fetch(`${url}/topics`, { headers: { authorization }, redirect: "manual", signal });
      await response.body?.cancel();
      isSuspect = response.status >= 500;
    } catch {
      isSuspect = true;
    }
    return isSuspect;
  };

  const post = async (records: readonly ProducerRecord[], deadline: number): Promise<Answer | undefined> => {
    const signal = AbortSignal.timeout(Math.max(1, deadline - now()));
    try {
      const response = await fetch(`${url}/produce`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(records),
        redirect: "manual",
        signal,
      });
      const text = await response.text();
      return { status: response.status, body: parse(text) };
    } catch {
      // The platform does not tell a refused connection from a lost one, so neither can this.
      isSuspect = true;
      return undefined;
    }
  };

  const produce = async (records: readonly ProducerRecord[], deadline: number, mayRepeat = true): Promise<ProduceOutcome[]> => {
    if (isSuspect && (await isAway(deadline)))
      return records.map(() => ({ outcome: "unavailable", detail: "The Kafka REST proxy is away." }));
    const answer = await post(records, deadline);
    if (answer === undefined)
      return records.map(() => unknown("The connection to the Kafka REST proxy failed, or it did not answer in time."));
    const { status, body } = answer;
    if (status === 200) return records.map((_, index) => readMetadata(body, index));
    const detail = `The Kafka REST proxy answered ${status}${describe(body)}`;
    if (NOTHING_STORED.has(status)) return records.map(() => ({ outcome: "unavailable", detail }));
    const results = readResults(body);
    if (status >= 500) return records.map((_, index) => readResult(results.get(index), "unavailable") ?? unknown(detail));
    if (!mayRepeat || records.length === 1 || status < 400 || REFUSES_THE_CALLER.has(status)) {
      return records.map((_, index) => readResult(results.get(index), "rejected") ?? { outcome: "rejected", detail });
    }
    return repeatInnocent(records, deadline, results);
  };

  /** A definite 4xx stored nothing: the records that are to blame stay out, and the others go again, once. */
  const repeatInnocent = async (
    records: readonly ProducerRecord[],
    deadline: number,
    results: ReadonlyMap<number, unknown>,
  ): Promise<ProduceOutcome[]> => {
    if (results.size === 0) return (await Promise.all(records.map((record) => produce([record], deadline, false)))).flat();
    const innocent = records.filter((_, index) => !results.has(index));
    const outcomes = innocent.length === 0 ? [] : await produce(innocent, deadline, false);
    return records.map((_, index) => readResult(results.get(index), "rejected") ?? (outcomes.shift() as ProduceOutcome));
  };

  return { name: "upstash", produce: (records, deadline) => produce(records, deadline) };
};

const unknown = (detail: string): ProduceOutcome => ({ outcome: "unknown", detail });

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** 200 is not success: what was stored stands in the answer, a record each. */
const readMetadata = (body: unknown, index: number): ProduceOutcome => {
  const entry: unknown = Array.isArray(body) ? body[index] : undefined;
  const { topic, partition, offset } = (entry ?? {}) as Record<string, unknown>;
  if (typeof topic === "string" && Number.isInteger(partition) && Number.isInteger(offset)) {
    return { outcome: "stored", metadata: { topic, partition: partition as number, offset: offset as number } };
  }
  return unknown("The Kafka REST proxy answered 200 without saying where the record was stored.");
};

const readResults = (body: unknown): ReadonlyMap<number, unknown> => {
  const results = (body as { results?: unknown } | null | undefined)?.results;
  if (!Array.isArray(results)) return new Map();
  return new Map(
    results.flatMap((entry: { index?: unknown } | null) => (Number.isInteger(entry?.index) ? [[entry?.index as number, entry]] : [])),
  );
};

const readResult = (entry: unknown, failure: "rejected" | "unavailable"): ProduceOutcome | undefined => {
  if (entry === undefined) return undefined;
  const { error } = entry as { error?: unknown };
  return typeof error === "string" ? { outcome: failure, detail: error } : readMetadata([entry], 0);
};

const describe = (body: unknown): string => {
  const error = (body as { error?: unknown } | null | undefined)?.error;
  return typeof error === "string" ? `: ${error.slice(0, 200)}` : ".";
};
