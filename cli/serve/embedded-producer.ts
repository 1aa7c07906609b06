import { GatewayError, gatewayErrorOf } from "../../gateway/gateway-error.ts";
import type { Gateway } from "../../gateway/server.ts";
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_RECORDS } from "../../protocol/limits.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { failed, type ProduceFailure, type ProduceOutcome, type Producer } from "../../worker/producer.ts";

export type EmbeddedProducerOptions = {
  /** A gateway in this process. It stays open. */
  readonly gateway: Pick<Gateway, "engine" | "produce">;
  readonly now?: () => number;
};

/**
 * Produces straight into the engine of a gateway in this process. An engine in this process always answers: what is under way at the deadline
 * is not given up.
 */
export const embeddedProducer = ({ gateway, now = Date.now }: EmbeddedProducerOptions): Producer => {
  const store = async (records: readonly ProducerRecord[]): Promise<(ProduceOutcome | undefined)[]> => {
    try {
      return (await gateway.produce(records)).map((metadata) => ({ outcome: "stored", metadata }));
    } catch (error) {
      return outcomesOf(error, records.length);
    }
  };

  return {
    name: "embedded",
    limits: {
      maxBatchRecords: MAX_PRODUCE_RECORDS,
      maxBatchBytes: MAX_PRODUCE_BYTES,
      // All calls of one turn of the event loop share a transaction: one that is held back pays for its own.
      eagerCalls: CALLS_AT_ONCE,
      maxCalls: CALLS_AT_ONCE,
    },

    async produce(records, deadline) {
      if (now() >= deadline) return records.map(() => failed("unavailable", "The request came too late to be stored in time."));
      const outcomes = await store(records);
      const innocent = [...outcomes.keys()].filter((index) => outcomes[index] === undefined);
      if (innocent.length > 0) {
        const again = await store(innocent.map((index) => records[index] as ProducerRecord));
        for (const [position, index] of innocent.entries()) outcomes[index] = again[position];
      }
      return outcomes.map((outcome) => outcome ?? failed("unavailable", "The record was not stored, since others were refused."));
    },

    async check(topics) {
      try {
        await gateway.engine.health();
        const found = await gateway.engine.provideTopics(new Set(topics), false);
        return topics.filter((topic) => !found.has(topic)).map((topic) => `Topic ${topic} does not exist. Add it to GATEWAY_TOPICS.`);
      } catch (error) {
        return [gatewayErrorOf(error).message];
      }
    },
  };
};

/** More than come in one turn. */
const CALLS_AT_ONCE = 64;

/** What a failure says of each record; undefined where nothing was stored because of others, so that it may be tried without them. */
const outcomesOf = (thrown: unknown, count: number): (ProduceOutcome | undefined)[] => {
  // Nobody foresaw it, so nobody knows how far it came.
  if (!(thrown instanceof GatewayError)) return Array.from({ length: count }, () => failed("unknown", gatewayErrorOf(thrown).message));
  const { status, message, results } = thrown;
  const isPartial = status === 500 && results !== undefined;
  const outcomes = Array.from({ length: count }, (): ProduceOutcome | undefined => {
    if (isPartial) return failed("unknown", message);
    return results === undefined ? failed(failureOf(status), message) : undefined;
  });
  for (const { index, ...result } of results ?? [])
    outcomes[index] = "error" in result ? failed(failureOf(result.status), result.error) : { outcome: "stored", metadata: result };
  return outcomes;
};

/** Nothing was stored: whether it ever will be. */
const failureOf = (status: number): ProduceFailure => (status < 500 && status !== 429 ? "rejected" : "unavailable");
