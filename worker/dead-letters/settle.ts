import { pause, systemTime, type Time } from "../../environment/time.ts";
import { createSettlementRecord, type Settlement } from "../../protocol/dead-letter-settlement.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { type DeadLetterLog, LogError } from "./log.ts";

/** A request is sent again already when its letter is settled, so this is worth trying for a while. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;

/** Settles a letter. Twice does no harm, so what may pass is tried again. @throws LogError */
export const settleLetter = async (
  log: Pick<DeadLetterLog, "append">,
  letter: TopicPartitionOffset,
  settlement: Omit<Settlement, "at">,
  time: Time = systemTime,
): Promise<void> => {
  const { topic, partition } = letter;
  const record = createSettlementRecord(letter, { ...settlement, at: new Date(time.now()).toISOString() });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await log.append({ topic, partition, ...record });
    } catch (error) {
      if (!(error instanceof LogError && error.retryable) || attempt === ATTEMPTS) throw error;
      await pause(time, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
};
