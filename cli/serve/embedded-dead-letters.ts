import { gatewayErrorOf } from "../../gateway/gateway-error.ts";
import type { ResponseMemory } from "../../gateway/engine.ts";
import type { Gateway } from "../../gateway/server.ts";
import { type DeadLetterLog, LogError } from "../../worker/dead-letters/log.ts";

/** One partition is read at a time, so this much is in memory. */
const MEMORY: ResponseMemory = { free: () => ({ records: 1_000, bytes: 4 * 1_024 * 1_024 }), take() {} };

/** The dead letters in the engine of a gateway in this process, which stays open. */
export const embeddedDeadLetters = ({ engine, produce }: Pick<Gateway, "engine" | "produce">): DeadLetterLog => ({
  ranges: (topics, since) =>
    translated(async () => {
      const counts = await engine.topics();
      const partitions = topics.flatMap((topic) =>
        Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
      );
      // The end first: what comes in between is left to the next call.
      const ends = await engine.offsetsAt("latest", partitions);
      const starts = await engine.offsetsAt(since ?? "earliest", partitions);
      return partitions.map((at, index) => ({ ...at, start: starts[index]?.offset ?? 0, end: ends[index]?.offset ?? 0 }));
    }),
  async *records({ topic, partition, start, end }) {
    for (let offset = start; offset < end;) {
      const offsets = [{ topic, partition, offset }];
      const signal = new AbortController().signal;
      const records = await translated(async () => await engine.fetch({ offsets, memory: MEMORY, timeoutMs: 0, signal }));
      const last = records.at(-1);
      if (last === undefined) return;
      for (const record of records) if (record.offset < end) yield record;
      offset = last.offset + 1;
    }
  },
  append: (record) =>
    translated(async () => {
      await produce([record]);
    }),
  async close() {},
});

const translated = async <Value>(run: () => Promise<Value>): Promise<Value> => {
  try {
    return await run();
  } catch (error) {
    const { message, status } = gatewayErrorOf(error);
    throw new LogError(message, { retryable: status >= 500 || status === 429, cause: error });
  }
};
