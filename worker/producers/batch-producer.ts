import { RejoinderError } from "../../protocol/errors.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { failed, type ProduceFailure, type ProduceOutcome, type Producer } from "../producer.ts";
import { describeResponse, failureOf, statusOf, type ProxyResponse } from "./proxy-response.ts";
import type { ProxyConnection } from "./proxy-connection.ts";

/** How one wire carries records and says what became of them. */
export type Dialect = {
  readonly contentType: string;
  /** Where records of a topic are posted; those of one path go in one call. */
  path(topic: string): string;
  /** One record as JSON. @throws RejoinderError if this wire cannot carry it. */
  encode(record: ProducerRecord): object;
  /** The body of a call. */
  body(records: readonly object[]): unknown;
  /** What the response says about each record, in their order; undefined where it says nothing. */
  read(response: ProxyResponse, records: readonly ProducerRecord[]): readonly (ProduceOutcome | undefined)[];
  /** What a response means for the records that it does not mention, where this wire differs from the usual meaning of its status. */
  judge?(response: ProxyResponse): ProduceFailure | undefined;
};

type BatchProducerOptions = Pick<Producer, "name" | "limits" | "check"> & {
  readonly connection: ProxyConnection;
  readonly dialect: Dialect;
};

/** A record, its index in the batch, and its form on the wire. */
type Entry = { readonly index: number; readonly record: ProducerRecord; readonly json: object };

/** Statuses with which a proxy may refuse a whole batch because of one record. */
const BLAMES_A_RECORD = new Set([400, 413, 422]);

/** Produces the records of each path in one call, and reads what the wire says about each record. */
export const createBatchProducer = ({ connection, dialect, ...rest }: BatchProducerOptions): Producer => {
  const send = async (path: string, entries: readonly Entry[], deadline: number, mayRepeat: boolean): Promise<ProduceOutcome[]> => {
    const body = dialect.body(entries.map(({ json }) => json));
    const response = await connection.post(path, dialect.contentType, body, deadline);
    if (response === "away") return entries.map(() => failed("unavailable", "The Kafka REST proxy does not respond."));
    if (response === "lost")
      return entries.map(() => failed("unknown", "The connection to the Kafka REST proxy failed, or it did not answer in time."));
    const results = dialect.read(
      response,
      entries.map(({ record }) => record),
    );
    const failure = dialect.judge?.(response) ?? failureOf(response);
    if (failure === "rejected" && mayRepeat && areSomeInnocent(statusOf(response), entries, results))
      return repeatInnocent(path, entries, results, deadline);
    return entries.map((_, position) => results[position] ?? failed(failure, describeResponse(response)));
  };

  /** A definite refusal of a batch stored none of the records that it does not mention, so they are sent again, once. */
  const repeatInnocent = async (
    path: string,
    entries: readonly Entry[],
    results: readonly (ProduceOutcome | undefined)[],
    deadline: number,
  ): Promise<ProduceOutcome[]> => {
    const innocent = entries.filter((_, position) => results[position] === undefined);
    // The response names no record: each is sent alone, so that only the bad one fails.
    const batches = innocent.length === entries.length ? innocent.map((entry) => [entry]) : innocent.length > 0 ? [innocent] : [];
    const outcomes = (await Promise.all(batches.map((batch) => send(path, batch, deadline, false)))).flat();
    return entries.map((_, position) => results[position] ?? (outcomes.shift() as ProduceOutcome));
  };

  return {
    ...rest,
    async produce(records, deadline) {
      const outcomes: ProduceOutcome[] = [];
      const entriesOfPaths = new Map<string, Entry[]>();
      for (const [index, record] of records.entries()) {
        const json = tryEncode(dialect, record);
        const path = dialect.path(record.topic);
        const entries = entriesOfPaths.get(path);
        if (json instanceof RejoinderError) outcomes[index] = failed("rejected", json.message);
        else if (entries === undefined) entriesOfPaths.set(path, [{ index, record, json }]);
        else entries.push({ index, record, json });
      }
      await Promise.all(
        Array.from(entriesOfPaths, async ([path, entries]) => {
          const produced = await send(path, entries, deadline, true);
          for (const [position, { index }] of entries.entries()) outcomes[index] = produced[position] as ProduceOutcome;
        }),
      );
      return outcomes;
    },
  };
};

/** Whether a refused batch may hold records that would be taken without the others. */
const areSomeInnocent = (status: number, entries: readonly Entry[], results: readonly (ProduceOutcome | undefined)[]): boolean => {
  if (results.some((result) => result !== undefined)) return true;
  if (status === 404) return new Set(entries.map(({ record }) => record.topic)).size > 1;
  return entries.length > 1 && BLAMES_A_RECORD.has(status);
};

const tryEncode = (dialect: Dialect, record: ProducerRecord): object | RejoinderError => {
  try {
    return dialect.encode(record);
  } catch (error) {
    if (error instanceof RejoinderError) return error;
    throw error;
  }
};
