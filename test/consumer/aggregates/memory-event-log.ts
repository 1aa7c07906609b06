import { setTimeout as wait } from "node:timers/promises";
import { AppendError, type EventLog, type NewEventRecord, TrimmedError } from "../../../consumer/events/event-log.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import type { TopicPartition } from "../../../protocol/topic-partition.ts";

/** What becomes of an append. `lost` and `kept` are both unknown to the caller; `late` lands after the appends of others. */
export type AppendFate = "stored" | "slow" | "unavailable" | "lost" | "kept" | "late" | "rejected";

/** A log in memory that can be as bad as a network makes one. */
export type MemoryEventLog = EventLog & {
  readonly records: readonly ConsumerRecord[];
  /** How many calls of `append` there were. */
  readonly appends: number;
  /** The fates of the next appends, in turn; those after them are stored. */
  fates(...fates: readonly AppendFate[]): void;
  /** Appends at once, as another program does. */
  appendNow(records: readonly NewEventRecord[]): readonly number[];
  /** Whatever is late lands now. */
  land(): void;
  /** What `faults` answers. */
  readonly wrong: string[];
  /** The first offset that is kept. */
  trim(first: number): void;
  /** How many partitions the topic has. */
  count: number;
  /** Forgets all records, as a topic that was made anew. */
  wipe(): void;
  /**
   * The log as one writer sees it, who dies when told to: from then on it hears nothing more, though what it had sent arrives.
   */
  asWriter(): EventLog & { die(): void };
};

const ACCOUNTS = "account-events";

/** One partition of a topic of events, by default `account-events`: all that a task uses. */
export const createMemoryEventLog = (partition = 0, of = ACCOUNTS): MemoryEventLog => {
  let records: ConsumerRecord[] = [];
  let fates: AppendFate[] = [];
  let late: (readonly NewEventRecord[])[] = [];
  let first = 0;
  let appends = 0;
  let changed = Promise.withResolvers<void>();
  const wrong: string[] = [];

  const appendNow = (added: readonly NewEventRecord[]): readonly number[] => {
    const offsets = added.map((_, index) => records.length + index);
    records.push(
      ...added.map(({ key = null, value, headers }, index) => ({
        topic: of,
        partition,
        offset: offsets[index] as number,
        timestamp: 0,
        key,
        value,
        headers,
      })),
    );
    changed.resolve();
    changed = Promise.withResolvers();
    return offsets;
  };
  const land = (): void => {
    const landing = late;
    late = [];
    for (const one of landing) appendNow(one);
  };

  const log: EventLog = {
    name: "memory",
    partitions: async () => new Map([[of, self.count]]),
    faults: async () => [...wrong],
    ends: async () => ({ first, end: records.length }),
    async append(_to: TopicPartition, added) {
      appends += 1;
      const fate = fates.shift() ?? "stored";
      // Others go on meanwhile.
      await wait(fate === "slow" ? 5 : 0);
      if (fate === "unavailable") throw new AppendError("unavailable", "nobody is there");
      if (fate === "rejected") throw new AppendError("rejected", "too large");
      if (fate === "kept" || fate === "lost") {
        if (fate === "kept") appendNow(added);
        throw new AppendError("unknown", "the answer was lost");
      }
      if (fate === "late") {
        late.push(added);
        throw new AppendError("unknown", "the answer was lost");
      }
      const offsets = appendNow(added);
      land();
      await wait(0);
      return offsets;
    },
    async read({ offset }, { waitMs, signal }) {
      if (offset < first) throw new TrimmedError("gone");
      if (records.length <= offset && waitMs > 0) {
        const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
        await Promise.race([changed.promise, aborted, wait(waitMs, undefined, { signal, ref: false }).catch(() => undefined)]);
      } else await wait(0);
      signal.throwIfAborted();
      const found = records.slice(offset, offset + 100);
      return { records: found, next: offset + found.length, end: records.length };
    },
    async close() {},
  };

  const self: MemoryEventLog = Object.assign({}, log, {
    records,
    appends,
    fates: (...next: readonly AppendFate[]) => void (fates = [...next]),
    appendNow,
    land,
    wrong,
    trim: (to: number) => void (first = to),
    count: 3,
    wipe: () => void (records = []),
    asWriter() {
      const death = Promise.withResolvers<never>();
      death.promise.catch(() => undefined);
      const unlessDead = <T>(call: Promise<T>): Promise<T> => {
        call.catch(() => undefined);
        return Promise.race([death.promise, call]);
      };
      return {
        ...log,
        append: (to: TopicPartition, added: readonly NewEventRecord[]) => unlessDead(log.append(to, added)),
        read: (from: Parameters<EventLog["read"]>[0], options: Parameters<EventLog["read"]>[1]) => unlessDead(log.read(from, options)),
        die: () => death.reject(new Error("died")),
      };
    },
  });
  Object.defineProperties(self, { records: { get: () => records }, appends: { get: () => appends } });
  return self;
};
