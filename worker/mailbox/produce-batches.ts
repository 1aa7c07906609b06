import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { type ProduceOutcome, type Producer, sizeOfRecord } from "../producer.ts";

/** Bounds of the produce path of one mailbox, beside those of its producer, which may also set its own calls. */
export const PRODUCE_LIMITS = {
  /** With fewer calls than this under way, records are sent at once, those of one turn together. Otherwise they collect. */
  eagerCalls: 1,
  /** A call that takes longer counts no more among those: it may wait for a broker that has none of what waits behind it, or be far away. */
  patienceMs: 20,
  /** The most calls under way; a Worker may have six connections. */
  maxCalls: 4,
  /** The most that may wait. More is refused at once, so that memory and waiting time stay bounded. */
  maxQueuedRecords: 5_000,
  maxQueuedBytes: 8 * 1024 * 1024,
  /** A call that starts with less time than this would most likely end as `unknown`. */
  minCallMs: 250,
};

type ProduceBatchesOptions = {
  readonly producer: Pick<Producer, "produce" | "limits">;
  readonly limits?: Partial<typeof PRODUCE_LIMITS>;
  readonly time?: Pick<Time, "now" | "setTimeout" | "clearTimeout">;
};

type Waiting = {
  readonly record: ProducerRecord;
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: (outcome: ProduceOutcome) => void;
};

/** Produces records as they come, and as batches when they come faster than the proxy answers. */
export const createProduceBatches = ({ producer, limits: given = {}, time = systemTime }: ProduceBatchesOptions) => {
  const limits = { ...PRODUCE_LIMITS, ...producer.limits, ...given };
  const queue: Waiting[] = [];
  let queuedBytes = 0;
  let calls = 0;
  let slowCalls = 0;
  let isDue = false;

  const isFull = (): boolean => queue.length >= limits.maxBatchRecords || queuedBytes >= limits.maxBatchBytes;

  const pump = (): void => {
    while (queue.length > 0 && calls < limits.maxCalls && (calls - slowCalls < limits.eagerCalls || isFull())) {
      const batch = takeBatch();
      if (batch.length > 0) void send(batch);
    }
  };

  /** All records of one call to the mailbox are queued before any of them is sent. */
  const pumpSoon = (): void => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      pump();
    });
  };

  const takeBatch = (): Waiting[] => {
    const batch: Waiting[] = [];
    let bytes = 0;
    let taken = 0;
    for (const waiting of queue) {
      if (batch.length >= limits.maxBatchRecords || (batch.length > 0 && bytes + waiting.bytes > limits.maxBatchBytes)) break;
      taken++;
      queuedBytes -= waiting.bytes;
      if (waiting.deadline - time.now() < limits.minCallMs) {
        waiting.resolve({ outcome: "unavailable", detail: "Kafka was too slow for the request to be sent in time." });
        continue;
      }
      bytes += waiting.bytes;
      batch.push(waiting);
    }
    queue.splice(0, taken);
    return batch;
  };

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    calls++;
    const ended = watch();
    const deadline = batch.reduce((earliest, waiting) => Math.min(earliest, waiting.deadline), Number.POSITIVE_INFINITY);
    const outcomes = await producer.produce(
      batch.map((waiting) => waiting.record),
      deadline,
    );
    ended();
    calls--;
    for (const [index, waiting] of batch.entries()) waiting.resolve(outcomes[index] as ProduceOutcome);
    pump();
  };

  /** Lets others go on once a call has taken too long; returns what to call when it has ended. */
  const watch = (): (() => void) => {
    let isSlow = false;
    const timer = time.setTimeout(() => {
      isSlow = true;
      slowCalls++;
      pump();
    }, limits.patienceMs);
    return () => {
      if (isSlow) slowCalls--;
      else time.clearTimeout(timer);
    };
  };

  return {
    /** Produces one record by its deadline (milliseconds since 1970), or refuses at once if too much is waiting. Never rejects. */
    produce(record: ProducerRecord, deadline: number): Promise<ProduceOutcome | { readonly outcome: "overloaded" }> {
      const bytes = sizeOfRecord(record);
      if (queue.length >= limits.maxQueuedRecords || queuedBytes + bytes > limits.maxQueuedBytes)
        return Promise.resolve({ outcome: "overloaded" });
      return new Promise((resolve) => {
        queue.push({ record, bytes, deadline, resolve });
        queuedBytes += bytes;
        pumpSoon();
      });
    },
  };
};

export type ProduceBatches = ReturnType<typeof createProduceBatches>;
