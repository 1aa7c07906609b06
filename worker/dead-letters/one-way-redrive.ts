import { readDeadLetter } from "../../protocol/dead-letter.ts";
import { type ConsumerRecord, tryText } from "../../protocol/kafka-record.ts";
import { ONE_WAY_DEADLINE_MS } from "../../protocol/limits.ts";
import { createProblem } from "../../protocol/problem.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import { DEAD_LETTER_SUFFIX } from "../../protocol/topics.ts";
import type { DeadLetterLog } from "./log.ts";
import type { Redriven } from "./redrive-letter.ts";

const EXPIRY = "ce_expirytime";

/**
 * Puts a request that nobody waits for back where it was, under its ID. No Worker has accepted it, so none knows of it. One that is late gets another
 * deadline. It goes to the topic whose dead letters these are, whatever the letter says. Sent twice, it is the same request.
 * @throws LogError
 */
export const sendOneWayAgain = async (
  { topic, key, value, headers: all }: ConsumerRecord,
  { correlationId, deadline }: RequestEvent,
  log: Pick<DeadLetterLog, "append">,
  now: number = Date.now(),
): Promise<Redriven> => {
  const { origin, headers } = readDeadLetter({ headers: all });
  const { partition } = origin;
  const texts = headers.map((header) => ({ key: header.key, value: textOf(header.value) }));
  const isLate = deadline <= now;
  if (partition === undefined || !topic.endsWith(DEAD_LETTER_SUFFIX) || (isLate && !texts.some((header) => header.key === EXPIRY)))
    return { outcome: "refused", problem: createProblem("INVALID_REDRIVE", { detail: "The letter does not say where its request was." }) };
  const expirytime = new Date(now + ONE_WAY_DEADLINE_MS).toISOString();
  await log.append({
    topic: topic.slice(0, -DEAD_LETTER_SUFFIX.length),
    partition,
    ...(key === null ? {} : { key: textOf(key) }),
    value: textOf(value),
    headers: isLate ? texts.map((header) => (header.key === EXPIRY ? { ...header, value: expirytime } : header)) : texts,
  });
  return { outcome: "redriven", correlationId, before: false };
};

const textOf = (value: string | Uint8Array | null): string => (value === null ? "" : (tryText(value) ?? ""));
