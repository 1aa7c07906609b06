import { isCorrelationIdShape } from "../../protocol/correlation-id.ts";
import { DEAD_LETTER_SUFFIX } from "../../protocol/topics.ts";
import { readPlace } from "../../worker/dead-letters/letter-place.ts";
import { readTime } from "../../worker/dead-letters/letter-query.ts";
import type { LetterFilter } from "../../worker/dead-letters/selection.ts";
import { UsageError } from "../command.ts";

/** The options that choose letters, as they are typed. */
export type LetterOptions = { readonly [Name in "operation" | "code" | "since" | "until"]?: string };

/**
 * Reads which letters a call means.
 * @param named a place, topic/partition/offset, or a correlation ID
 * @throws UsageError
 */
export const readLetterFilter = (named: string | undefined, options: LetterOptions, now: number): LetterFilter => ({
  operation: options.operation,
  code: options.code,
  since: readMoment("since", options.since, now),
  until: readMoment("until", options.until, now),
  ...(named === undefined ? {} : readName(named)),
});

const readName = (text: string): Pick<LetterFilter, "at" | "correlationId"> => {
  const at = readPlace(text);
  if (at !== undefined) return { at: [at] };
  if (isCorrelationIdShape(text)) return { correlationId: text };
  throw new UsageError(
    `Expected a dead letter as list shows it, topic${DEAD_LETTER_SUFFIX}/partition/offset, or a correlation ID, got ${JSON.stringify(text)}.`,
  );
};

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A time, or how long ago: milliseconds since 1970. */
const readMoment = (name: string, text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined;
  const ago = /^(?<count>\d{1,9})(?<unit>[smhd])$/.exec(text)?.groups;
  if (ago !== undefined) return Math.max(now - Number(ago["count"]) * SECONDS[ago["unit"] as keyof typeof SECONDS] * 1_000, 0);
  const time = readTime(text);
  if (time !== undefined) return time;
  throw new UsageError(
    `Expected --${name} to be a time such as 2026-01-31T08:00:00Z, or how long ago such as 2h, got ${JSON.stringify(text)}.`,
  );
};
