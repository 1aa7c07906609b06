import type { Time } from "../../../environment/time.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { failed, type ProduceOutcome } from "../../producer.ts";
import type { Broker } from "./broker.ts";
import { BrokerError } from "./broker-error.ts";

/** A record on its way to a broker. */
export type PendingRecord = {
  readonly record: ProducerRecord;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** The broker that has it and has not answered. */
  sentTo: Broker | undefined;
  /** Why the last attempt at it failed. */
  failure: string | undefined;
  readonly isSettled: boolean;
  /** Says what became of it, once: after that this does nothing. */
  settle(outcome: ProduceOutcome): void;
};

/** Records that wait, in their order. */
export type Queue = { pending: PendingRecord[] };

/** The records of one call. Each has an outcome at the deadline at the latest, and a broker that keeps one until then is given up. */
export const createCall = (
  records: readonly ProducerRecord[],
  deadline: number,
  time: Time,
): { readonly pending: readonly PendingRecord[]; readonly outcomes: Promise<ProduceOutcome[]> } => {
  const { promise, resolve } = Promise.withResolvers<ProduceOutcome[]>();
  const outcomes: ProduceOutcome[] = [];
  let left = records.length;
  let timer: unknown;
  const pending = records.map((record, index): PendingRecord => ({
    record,
    deadline,
    sentTo: undefined,
    failure: undefined,
    get isSettled() {
      return outcomes[index] !== undefined;
    },
    settle(outcome) {
      if (outcomes[index] !== undefined) return;
      outcomes[index] = outcome;
      if (--left > 0) return;
      time.clearTimeout(timer);
      resolve(outcomes);
    },
  }));
  const end = (): void => {
    const silent = new Set(pending.flatMap(({ isSettled, sentTo }) => (isSettled || sentTo === undefined ? [] : [sentTo])));
    for (const one of pending)
      one.settle(
        one.sentTo === undefined ? failed("unavailable", one.failure ?? TOO_SLOW) : failed("unknown", "Kafka did not answer in time."),
      );
    for (const broker of silent) broker.close(new BrokerError("unavailable", "Kafka did not answer in time."));
  };
  if (left === 0) resolve(outcomes);
  else if (deadline <= time.now()) end();
  else timer = time.setTimeout(end, deadline - time.now());
  return { pending, outcomes: promise };
};

const TOO_SLOW = "Kafka was too slow for the record to be sent in time.";
